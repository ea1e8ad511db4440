"""Several runs side by side: compare.html and its numbers."""

"""What may be started from the page, and what was."""

"""Verify what a run says: ask the model, read the files and the data again, and trust no name in the run."""

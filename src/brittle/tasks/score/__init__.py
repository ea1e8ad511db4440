"""Score a model on a hard set."""

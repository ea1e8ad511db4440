"""The board of a hard set: every model that was scored on it, on one page."""

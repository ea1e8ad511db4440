"""The learned way to play: what is trained offline, and how."""

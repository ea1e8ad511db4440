"""What an audit needs of a trained agent, in NumPy: its network, its file, and the search that plays it."""

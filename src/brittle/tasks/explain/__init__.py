"""Explain a classifier's decisions, from its settings to its run folder."""

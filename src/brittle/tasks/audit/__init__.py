"""Audit a classifier, from its settings to its run folder."""

"""Audit a classifier, from its settings to its run folder, and verify what a run says."""

"""Reads a run and nothing else: pure numbers, tables, figures and one HTML page."""

"""Peers: explainers of other libraries, under the same referee as our own."""

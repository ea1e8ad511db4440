"""Peers: attacks of other libraries, played under the same referee as our own searches."""

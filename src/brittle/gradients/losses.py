"""The losses whose gradients are asked of an engine, by name.

Each engine states them its own way: backward/losses.py as a graph, torch_engine.py in torch.
"""

MARGIN = "margin"
"""The greatest logit of the own classes (asked > 0) minus the greatest of the others (asked < 0)."""
AWAY = "away"
"""Minus half the squared distance of the logits from those asked: descending leads away from them."""
ALONG = "along"
"""The sum of the logits, each times what is asked of it."""

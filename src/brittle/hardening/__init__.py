"""How a model is hardened: the split, what batches are made of, the loop, and which weights are taken."""

"""patchwork, the hand-made player of the cells board: natural layers, block by block, along the boundary."""

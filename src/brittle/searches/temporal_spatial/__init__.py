"""temporal-spatial, the player of two agents: one chooses frames of a clip, the other cells in them."""

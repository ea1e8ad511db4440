"""tune, the search for the least level of a distortion that flips; the rest of the distortion is free."""

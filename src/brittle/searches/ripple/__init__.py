"""ripple, the hand-made player of the L2 track: interference waves, learned tiles, then a hill climb."""

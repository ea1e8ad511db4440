"""square, the Square Attack as its authors play it: random squares, each kept when it lowers the loss."""

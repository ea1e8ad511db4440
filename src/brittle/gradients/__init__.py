"""Local models that give gradients, ONNX files as torch modules among them."""

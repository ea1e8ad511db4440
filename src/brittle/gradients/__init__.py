"""Local models that give gradients, ONNX files as torch functions among them."""

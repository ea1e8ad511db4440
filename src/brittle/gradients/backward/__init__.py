"""The gradient of an ONNX graph as another ONNX graph, so that local models give gradients without torch."""

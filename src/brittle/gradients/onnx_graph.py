"""ONNX files as torch modules: onnxruntime's answers with gradients, and weights that go back into the file.

onnx2torch (1.5.15, Apache-2.0) is not used because it has had no release since August 2024, requires
torchvision, which nothing else here needs and which dictates torch's version, and does not lead back.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from brittle.core.errors import ModelError
from brittle.gradients.onnx_nodes import REMEDY, last_read, nodes_of, tensor_of, trainable, without_constant
from brittle.gradients.onnx_read import before_softmax, first_line
from brittle.models.onnx import Graph, load_graph

TOLERANCE = {np.float16: 3e-2, np.float32: 1e-3, np.float64: 1e-3}  # of the greatest answer, by the input


class TrainableGraph(torch.nn.Module):  # type: ignore[misc]
    """An ONNX graph as a torch module: a batch (n, *shape) -> the answers (n, classes).

    Its parameters are the initializers that Conv, ConvTranspose, Gemm, MatMul (its second input) and
    BatchNormalization read as weights, biases and scales and that nothing reads as anything else. All other
    numbers are constants, statistics of batch norms among them, in training mode too.

    data: a ModelProto with all its data inside. asked: the same graph, as loaded by onnxruntime.
    file: what it is called in messages. names: of the parameters in the file, in their order.
    """

    def __init__(self, data: bytes, asked: Graph, file: str) -> None:
        super().__init__()
        model, self._original = onnx.ModelProto.FromString(data), data  # bytes, which copies share
        self._input, self._output, self._batch = asked.input, asked.output, asked.batch
        self._dtype = torch.from_numpy(np.empty(0, asked.dtype)).dtype
        nodes = nodes_of(model, asked.output, file)
        read = set[str]().union(*(node.inputs for node in nodes))
        tensors = {i.name: tensor_of(i, file) for i in model.graph.initializer if i.name in read}
        self.names = trainable(nodes, tensors)
        self.weights = torch.nn.ParameterList(torch.nn.Parameter(tensors.pop(name)) for name in self.names)
        known = {"": None, **tensors}  # "" stands for an input that is left out
        self._nodes = without_constant(nodes, known)
        self._logits = before_softmax(model.graph.node, asked.output)
        told = {self._output, self._logits}
        self._spent = last_read(self._nodes, told)
        read = told.union(*(node.inputs for node in self._nodes))
        self._constants = [name for name in known if name and name in read]
        for number, name in enumerate(self._constants):
            self.register_buffer(f"constant{number}", known[name], persistent=False)

    def forward(self, x: Any) -> Any:
        """The answers of the graph."""
        return self._answers(x, self._output)

    def logits(self, x: Any) -> Any:
        """What a last Softmax or LogSoftmax is taken of; or else the answers."""
        return self._answers(x, self._logits)

    def initializers(self) -> dict[str, Any]:
        """The parameters by their names in the file."""
        return dict(zip(self.names, self.weights, strict=True))

    def to_onnx(self) -> bytes:
        """The file with the parameters in place of its own, all else as it was; external data come inside.

        Each initializer keeps its dtype and the field that it stands in (raw_data, float_data ...).
        """
        model, weights = onnx.ModelProto.FromString(self._original), self.initializers()
        for tensor in model.graph.initializer:
            if tensor.name in weights:
                _store(tensor, weights[tensor.name].detach().cpu().numpy())
        data: bytes = model.SerializeToString()
        return data

    def _answers(self, x: Any, name: str) -> Any:
        """A value for a batch of any size; where the file fixes one, in parts, the last one filled up."""
        x = x.to(self._dtype)
        if self._batch is None:
            return self._run(x, name)
        parts = []
        for rows in x.split(self._batch):
            more = rows[-1:].expand(self._batch - len(rows), *rows.shape[1:])
            parts.append(self._run(torch.cat([rows, more]), name)[: len(rows)])
        return torch.cat(parts)

    def _run(self, x: Any, name: str) -> Any:
        constants = {c: getattr(self, f"constant{number}") for number, c in enumerate(self._constants)}
        values = {"": None, **constants, **self.initializers(), self._input: x}
        for node, spent in zip(self._nodes, self._spent, strict=True):
            node.run(values)
            for done in spent:
                del values[done]
        return values[name]


def trainable_graph(path: Path, output: str | None = None) -> TrainableGraph:
    """An ONNX file, with its external data, as a torch module; output: the name of the one to answer with.

    Without a name it is the output that an audit asks. Where the file states all sizes of an input, answers
    to random ones are compared with onnxruntime's. Raises ModelError for a file that cannot be read, is
    quantised or has an operator that is not known here; UsageError for a name that no output has.
    """
    file = f"'{path}'"
    try:
        data = onnx.load(str(path)).SerializeToString()
    except Exception as error:  # protobuf's and onnx's errors share no base
        raise ModelError(
            f"{file} is no ONNX file that can be read: {first_line(error)}; export the model again"
        ) from error
    asked = load_graph(data, file, threads=1, output=output)
    graph = TrainableGraph(data, asked, file)
    _compare(graph, asked, file)
    return graph


def _compare(graph: TrainableGraph, asked: Graph, file: str) -> None:
    """Raises ModelError if torch does not answer random inputs as onnxruntime does."""
    sizes = [size for size in asked.shape if size is not None]
    if len(sizes) < len(asked.shape):
        return
    x = np.random.default_rng(0).random((asked.batch or 2, *sizes)).astype(asked.dtype)
    try:
        expected = asked.session.run([asked.output], {asked.input: x})[0]
    except Exception as error:  # onnxruntime's errors share no other base
        raise ModelError(f"{file} cannot answer inputs of shape {x.shape}: {first_line(error)}") from error
    with torch.no_grad():
        answers = graph(torch.from_numpy(x)).numpy()
    if answers.shape != expected.shape:
        raise ModelError(f"{file} answers {expected.shape}, in torch {answers.shape}; {REMEDY}")
    off = float(np.abs(answers - expected).max()) / max(float(np.abs(expected).max()), 1e-6)
    if not off <= TOLERANCE[asked.dtype]:
        raise ModelError(f"{file} answers otherwise in torch, by {off:.1e} of the greatest answer; {REMEDY}")


def _store(tensor: Any, values: Any) -> None:
    """Put other numbers into a TensorProto, in the field that holds them."""
    values = values.astype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
    if tensor.HasField("raw_data"):
        tensor.raw_data = onnx.numpy_helper.from_array(values).raw_data
        return
    field = onnx.helper.tensor_dtype_to_field(tensor.data_type)
    bits = values.view(np.uint16) if values.dtype == np.float16 else values  # as int32_data holds float16
    del getattr(tensor, field)[:]
    getattr(tensor, field).extend(bits.flatten().tolist())

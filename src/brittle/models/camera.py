"""The built-in video model: a small 3-D CNN that names camera moves, its graph inside this package.

training/camera.py trained it; camera.json beside the graph says on what, how well, and on which terms. The
graph is an ONNX file, so that neither torch nor onnx is needed.
"""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from brittle.core.errors import ModelError
from brittle.models.backend import Backend
from brittle.models.onnx import onnx_backend
from brittle.models.options import ModelOptions

GRAPH = Path(__file__).with_name("camera.onnx")
CARD = GRAPH.with_suffix(".json")


def open_camera(model: str, options: ModelOptions) -> Backend:
    """The backend of a 3-D CNN for camera moves: clips (3, 16, 64, 64) in [0, 1] -> 8 logits."""
    try:
        graph = GRAPH.read_bytes()
        classes = tuple(json.loads(CARD.read_text(encoding="utf-8"))["classes"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the built-in video model is damaged ({error}); install brittle again") from error
    if options.output == "auto":
        options = options.model_copy(update={"output": "logits"})
    backend = onnx_backend(model, graph, sha256(graph).hexdigest(), options)
    return replace(backend, classes=classes, bounds=(0.0, 1.0))

"""Models are the same by their code and weights, wherever those stand."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brittle.core.errors import ModelError
from brittle.models import open_model
from brittle.models.onnx_files import LOCATION, external_files, onnx_digest

NAMES = (f"brittle_identity_{i}" for i in count())
X = np.ones((1, 3, 2, 2), np.float32)


def sha(model: Any) -> str:
    return open_model(model).sha256


def scaled(by: Any, *, more: Any = 0.0) -> Callable[[Any], Any]:
    def model(x: Any, bias: Any = more) -> Any:
        return x.mean(axis=(2, 3)) * by + bias

    return model


def named(by: Any) -> Callable[[Any], Any]:
    def model(x: Any, *, factor: Any = by) -> Any:
        return x.mean(axis=(2, 3)) * factor

    return model


def doubled(x: Any) -> Any:
    return 2 * x.mean(axis=(2, 3))


def halved(x: Any) -> Any:
    return 0.5 * x.mean(axis=(2, 3))


def test_closures_of_one_factory_are_as_many_models() -> None:
    assert len({sha(scaled(by)) for by in (1, 2, 3)}) == 3
    assert sha(scaled(2)) == sha(scaled(2))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        ("1", 1),
        (None, 0),
        (np.zeros(3), np.zeros((3, 1))),
        (np.array([1, 2]), np.array([1, 3])),
        ([1, [2, 3]], [[1, 2], 3]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({1, 2}, {1, 3}),
        (doubled, halved),
        ([doubled], [halved]),
        (partial(scaled, more=1), partial(scaled, more=2)),
        (scaled(1), scaled(2)),
        ([10**5000], [10**5001]),
        (np.array([[1, 2], [3, 4]]).T, np.array([[1, 2], [3, 4]])),
    ],
)
def test_what_a_function_closes_over_or_takes_by_default_counts(one: Any, other: Any) -> None:
    assert sha(scaled(one)) != sha(scaled(other))
    assert sha(scaled(1, more=one)) != sha(scaled(1, more=other))
    assert sha(named(one)) != sha(named(other))
    assert sha(scaled(one)) == sha(scaled(one)) and sha(named(one)) == sha(named(one))


def test_equal_values_are_the_same_whatever_their_order_in_memory() -> None:
    one, other = {0, 8}, {8, 0}
    assert list(one) != list(other) and sha(scaled(one)) == sha(scaled(other))
    table = np.arange(6).reshape(2, 3)
    assert sha(scaled(table)) == sha(scaled(np.asfortranarray(table)))


def test_what_cannot_be_hashed_is_its_type_and_never_an_error() -> None:
    class Opaque:
        pass

    endless: list[Any] = []
    endless.append(endless)
    deep: Any = ()
    for _ in range(100_000):
        deep = (deep,)
    wide: Any = []
    for _ in range(200):
        wide = [wide, wide]
    for odd in (Opaque(), endless, deep, wide, open_model, np.array([object()]), list(range(200_000))):
        assert sha(scaled(odd)) == sha(scaled(odd))
    assert sha(scaled(Opaque())) == sha(scaled(Opaque()))


def test_methods_partials_objects_and_lambdas_are_taken() -> None:
    class Net:
        def __call__(self, x: Any) -> Any:
            return x.mean(axis=(2, 3))

        def other(self, x: Any) -> Any:
            return -x.mean(axis=(2, 3))

    def by(x: Any, factor: float) -> Any:
        return factor * x.mean(axis=(2, 3))

    models = [Net(), Net().other, lambda x: x.mean(axis=(2, 3))]
    for sign in "+-":  # functions that have no source
        code: dict[str, Any] = {"__name__": "made_up"}
        exec(f"def model(x): return {sign}x.mean(axis=(2, 3))", code)
        models.append(code["model"])
    digests = [sha(model) for model in models]
    for factor in (1.0, 2.0):
        made = partial(by, factor=factor)
        made.__module__ = __name__
        digests.append(sha(made))
    assert len(set(digests)) == len(digests)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / f"{next(NAMES)}.py"


def test_what_a_factory_makes_and_its_whole_file_count(module: Path, tmp_path: Path) -> None:
    text = "import numpy as np\nW = {}\ndef load(by=1):\n    return lambda x: by * x.mean(axis=(2, 3))\n"
    module.write_text(text.format(1))
    one = sha(f"{module.stem}:load")
    again, changed = tmp_path / f"{next(NAMES)}.py", tmp_path / f"{next(NAMES)}.py"
    again.write_text(text.format(1))
    changed.write_text(text.format(2))
    assert sha(f"{again.stem}:load") == one  # in another file, of the same contents
    assert sha(f"{changed.stem}:load") != one


def onnx_with_weights(folder: Path, names: list[str], values: float = 1.0) -> Path:
    """x (n, 3, 2, 2) -> flat (n, 12) times weights that stand in these files, added up."""
    onnx = pytest.importorskip("onnx")
    folder.mkdir(exist_ok=True)
    weights, nodes = [], [onnx.helper.make_node("Flatten", ["x"], ["flat"])]
    for k, name in enumerate(names):
        w = np.full((12, 3), values + k, np.float32)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(w.tobytes())
        tensor = onnx.helper.make_tensor(f"w{k}", onnx.TensorProto.FLOAT, w.shape, w.tobytes(), raw=True)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", name), ("offset", "0"), ("length", str(w.nbytes))):
            tensor.external_data.add(key=key, value=value)
        weights.append(tensor)
        nodes.append(onnx.helper.make_node("MatMul", ["flat", f"w{k}"], [f"y{k}"]))
    nodes.append(onnx.helper.make_node("Sum", [f"y{k}" for k in range(len(names))], ["answers"]))
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes,
        "external",
        [value("x", onnx.TensorProto.FLOAT, ["n", 3, 2, 2])],
        [value("answers", onnx.TensorProto.FLOAT, ["n", 3])],
        weights,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return folder / "net.onnx"


@pytest.mark.parametrize("name", ["weights.data", "net.onnx.data", "w", "deep/gewichte-ü.bin", "n" * 200])
def test_replaced_external_data_are_another_model(tmp_path: Path, name: str) -> None:
    net = onnx_with_weights(tmp_path, ["other.bin", name])
    assert [file.name for file in external_files(net)] == ["other.bin", Path(name).name]
    before, answers = sha(net), open_model(net).ask(X)
    (tmp_path / name).write_bytes(np.full((12, 3), 7, np.float32).tobytes())
    assert not np.array_equal(open_model(net).ask(X), answers)
    assert sha(net) != before
    onnx_with_weights(tmp_path / "copy", ["other.bin", name])
    assert sha(tmp_path / "copy" / "net.onnx") == before


def test_the_names_are_those_that_onnx_finds(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    net = onnx_with_weights(tmp_path, ["a.bin", "b.bin", "c.bin"])
    graph = onnx.load(str(net), load_external_data=False).graph
    told = [entry.value for w in graph.initializer for entry in w.external_data if entry.key == "location"]
    assert [file.name for file in external_files(net)] == told


def test_a_file_beside_that_the_graph_does_not_name_is_no_part_of_it(tmp_path: Path) -> None:
    net = onnx_with_weights(tmp_path, ["a.bin"])
    before = sha(net)
    (tmp_path / "net.onnx.data").write_bytes(b"of another model")
    assert sha(net) == before


@pytest.mark.parametrize("end", [b"", b"\x00", b"\xff\xff\xff\xff", b"\x05abc", b"\x03a\x00b", b"\xff\x7fz"])
def test_bytes_that_only_look_like_a_name_name_nothing(tmp_path: Path, end: bytes) -> None:
    (tmp_path / "net.onnx").write_bytes(b"\x08\x09" + LOCATION + end)
    assert external_files(tmp_path / "net.onnx") == []
    with pytest.raises(ModelError):
        open_model(tmp_path / "net.onnx")
    (tmp_path / "net.onnx").write_bytes(b"")
    assert external_files(tmp_path / "net.onnx") == [] and onnx_digest(tmp_path / "net.onnx")


def test_a_local_model_that_is_learned_on_has_the_digest_of_the_audited_one(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from brittle.gradients.local import open_local

    net = onnx_with_weights(tmp_path, ["weights.data"])
    before = open_local(str(net)).sha256
    assert before == sha(net)
    (tmp_path / "weights.data").write_bytes(np.full((12, 3), 7, np.float32).tobytes())
    assert open_local(str(net)).sha256 != before


def test_which_models_are_known_by_their_digest(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 3))
    for model in (net, onnx_with_weights(tmp_path, ["a.bin"])):
        assert open_model(model).weights_hashed
    for model in (doubled, torch.nn.Flatten(), "http://127.0.0.1:9/"):  # code, no weights, who knows
        assert not open_model(model).weights_hashed

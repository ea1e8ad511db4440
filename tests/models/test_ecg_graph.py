"""The graph of the built-in ECG model."""

from safetensors.numpy import load

from brittle.models import ecg


def test_the_graph_is_the_same_in_whatever_order_its_weights_come() -> None:
    weights = load(ecg.WEIGHTS.read_bytes())
    backwards = dict(sorted(weights.items(), reverse=True))
    assert ecg.build_graph(weights) == ecg.build_graph(backwards)

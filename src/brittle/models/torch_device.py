"""What torch computes on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brittle.core.errors import UsageError


def torch_device(asked: str | None) -> Any:
    """The device by its name, a GPU where there is one if none is asked for. Raises UsageError."""
    import torch  # noqa: PLC0415

    if asked == "cuda" and not torch.cuda.is_available():
        raise UsageError("torch finds no GPU that it can use here; leave --device out")
    return torch.device(asked or ("cuda" if torch.cuda.is_available() else "cpu"))


@contextmanager
def exact() -> Iterator[None]:
    """Convolutions on a GPU are computed in full single precision meanwhile, and alike every time."""
    import torch  # noqa: PLC0415

    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield

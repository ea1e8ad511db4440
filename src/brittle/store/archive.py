"""Folders of inputs, flips and others, kept exactly as the model was shown them."""

import re
from hashlib import sha256
from typing import Protocol

from brittle.core.sample import Array, InputSpec
from brittle.store.kept import Kept


class Codec(Protocol):
    """How a domain writes one input to a file and reads back exactly the same."""

    def suffix(self, spec: InputSpec) -> str: ...
    def to_bytes(self, x: Array, spec: InputSpec) -> bytes: ...
    def from_bytes(self, data: bytes, spec: InputSpec) -> Array: ...
    def companions(self, name: str, spec: InputSpec) -> dict[str, str]: ...


class InputArchive:
    """Files PLACE/SAMPLE-NAME.SUFFIX of a run folder. Implements core.sample_run.Archive."""

    def __init__(self, files: Kept, codec: Codec, spec: InputSpec, place: str = "flips") -> None:
        self.files, self.codec, self.spec, self.place = files, codec, spec, place

    def write(self, sample: str, name: str, x: Array) -> str:
        """Store one input; returns its path inside the run folder. Raises DiskError."""
        stem = f"{file_name(sample)}-{name}"  # no further dot: WFDB allows one
        file = f"{self.place}/{stem}{self.codec.suffix(self.spec)}"
        self.files.write(file, self.codec.to_bytes(x, self.spec))
        for suffix, text in self.codec.companions(stem, self.spec).items():
            self.files.write(f"{self.place}/{stem}{suffix}", text)
        return file

    def read(self, file: str) -> Array:
        """The values of a stored input."""
        return self.codec.from_bytes(self.files.read(file), self.spec)


def file_name(sample: str) -> str:
    """A file name for a sample id: its readable characters, and a digest where that is not the id itself."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", sample).strip("._")
    if plain == sample and len(plain) <= 80:
        return plain
    return f"{plain[-80:]}-{sha256(sample.encode(errors='surrogateescape')).hexdigest()[:8]}"

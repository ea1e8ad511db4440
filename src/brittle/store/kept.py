"""Where what samples leave is kept: in the folder of a run, or in memory until it has travelled to one."""

from pathlib import Path
from typing import Protocol

from brittle.store.files import ESCAPED, refuse_link, write_whole


class Kept(Protocol):
    """Files by their path inside of a run folder, with / between its parts."""

    def write(self, file: str, data: bytes | str) -> None:
        """Keep a file, whole or not at all. Raises DiskError."""

    def read(self, file: str) -> bytes:
        """What a file holds that was kept here."""


class FolderFiles:
    """Files of a run folder. Implements Kept; nothing is written through a link in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, file: str, data: bytes | str) -> None:
        """Write a file at once. Raises DiskError."""
        place = self.folder
        for part in file.split("/")[:-1]:
            place = place / part
            refuse_link(place)
        write_whole(self.folder / file, data)

    def read(self, file: str) -> bytes:
        """The bytes of a file."""
        return (self.folder / file).read_bytes()


class PackedFiles:
    """Files in memory, of a worker that shares no disk with the run. Implements Kept."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def write(self, file: str, data: bytes | str) -> None:
        """Hold a file until it is taken."""
        self._held[file] = data.encode(errors=ESCAPED) if isinstance(data, str) else data

    def read(self, file: str) -> bytes:
        """What is held of a file."""
        return self._held[file]

    def take(self) -> dict[str, bytes]:
        """All that was written and not yet taken."""
        taken, self._held = self._held, {}
        return taken

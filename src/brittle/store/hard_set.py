"""A hard set is a folder: inputs that models err on at little distance, and all that is known of them.

benchmark.json    what was asked, and what the set was made with: store/hard_records.py, Benchmark
items.jsonl       a line a file, in the order sample, kind, level: Item
left_out.jsonl    a line a sample that is not in the set, with its reason: LeftOut
held_out.jsonl    a line a hold-out and file, untouched ones too: HeldOutAnswer
classes.json      index, name and folder of every class of the models: ClassFolder
images/KIND/LEVEL/CLASS/ID.png    the layout of ImageNet-C, so that what reads that reads this; signals/ and
                  clips/ have the same, each input as its domain stores it, WFDB records with their .hea
clean/CLASS/ID.png                the untouched counterparts, of the same names
textures.safetensors              learned textures, where recipes name them
README.md         the card, with the front matter of Hugging Face
SHA256SUMS        of every file above, and of the inputs too where they were left away: `sha256sum -c`
scores/NAME.json  of brittle score; not among the sums

A set without its inputs is as good: `brittle benchmark --render` makes the same bytes from the originals.
What such a folder holds may be a stranger's: nothing outside is read, no link is followed, no pickle is
opened.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from brittle.core.errors import RunError
from brittle.core.paths import is_file
from brittle.core.sample import Array, InputSpec, Sample
from brittle.settings import one_line
from brittle.store.archive import Codec, file_name
from brittle.store.files import read_plain
from brittle.store.hard_records import (
    CLEAN,
    PLAIN,
    Benchmark,
    ClassFolder,
    HeldOutAnswer,
    Item,
    LeftOut,
)
from brittle.store.kept import FolderFiles, Kept
from brittle.store.records import damaged, read_record

ABOUT, ITEMS, LEFT_OUT, HELD_OUT = "benchmark.json", "items.jsonl", "left_out.jsonl", "held_out.jsonl"
CLASSES, CARD, SUMS, SCORES = "classes.json", "README.md", "SHA256SUMS", "scores"
TEXTURES = "textures.safetensors"
RECORDS = (ABOUT, ITEMS, LEFT_OUT, HELD_OUT, CLASSES, CARD)
"""Files that a finished set has beside its inputs, in the order in which they are written."""
MOST_BYTES = 2**28
"""Of a file that is read whole, and of a line."""
SUM = re.compile(r"([0-9a-f]{64})  (.+)")

R = TypeVar("R", bound=BaseModel)
_CLASSES = TypeAdapter(tuple[ClassFolder, ...])


class HardSet:
    """A finished hard set, to be read. about: its benchmark.json; classes: of its models, in their order."""

    def __init__(self, path: Path, about: Benchmark, classes: tuple[ClassFolder, ...]) -> None:
        self.path, self.about, self.classes = path, about, classes

    @classmethod
    def open(cls, path: str | Path) -> "HardSet":
        """A set that exists. Raises RunError with one line."""
        path = Path(path)
        if not is_file(path / ABOUT):
            raise RunError(
                f"expected a hard set with {ABOUT}, got {path}; brittle benchmark --out makes one, and the "
                "same command finishes it"
            )
        about = read_record(Benchmark, _text(path, ABOUT), ABOUT)
        try:
            classes = _CLASSES.validate_json(_text(path, CLASSES))
        except ValidationError as error:
            raise RunError(damaged(CLASSES, one_line(error))) from error
        if [one.index for one in classes] != list(range(len(classes))):
            raise RunError(damaged(CLASSES, "its indices do not count up from 0"))
        return cls(path, about, classes)

    def items(self) -> Iterator[Item]:
        """Every file of the set, line by line. Raises RunError at a damaged one."""
        kinds, levels = ({one.name for one in of} for of in (self.about.kinds, self.about.levels))
        for where, item in self._lines(ITEMS, Item):
            if item.kind not in kinds or item.level not in levels:
                raise RunError(damaged(where, f"there is no kind {item.kind} at level {item.level}"))
            if len(item.margins) != len(self.about.surrogates):
                raise RunError(damaged(where, f"it has {len(item.margins)} margins"))
            if item.label >= len(self.classes):
                raise RunError(damaged(where, f"there is no class {item.label}"))
            place, *_, folder, _ = item.file.split("/")
            if (place, folder) != (self.about.form.place, self.classes[item.label].folder):
                raise RunError(damaged(where, f"{item.file} is not in the folder of class {item.label}"))
            yield item

    def left_out(self) -> Iterator[LeftOut]:
        """Every sample that is not in the set. Raises RunError at a damaged line."""
        return (found for _, found in self._lines(LEFT_OUT, LeftOut))

    def held_out(self) -> Iterator[HeldOutAnswer]:
        """What hold-outs answered, file by file. Raises RunError at a damaged line."""
        return (found for _, found in self._lines(HELD_OUT, HeldOutAnswer))

    def sums(self) -> dict[str, str]:
        """SHA-256 by file, as SHA256SUMS has them; of inputs that were left away too. Raises RunError."""
        found: dict[str, str] = {}
        for number, line in enumerate(_text(self.path, SUMS).splitlines(), 1):
            match = SUM.fullmatch(line)
            parts = match[2].split("/") if match else [""]
            if match is None or not all(map(PLAIN.fullmatch, parts)):
                raise RunError(damaged(f"line {number} of {SUMS}", "expected a SHA-256 and a file"))
            found[match[2]] = match[1]
        return found

    def has(self, file: str) -> bool:
        """Whether a file of the set is here, and not left away."""
        return (self.path / file).is_symlink() or (self.path / file).exists()

    def read(self, file: str) -> bytes:
        """One file of the set. Raises RunError where it is missing, a link, or no plain file."""
        return read_inside(self.path, file)

    def _lines(self, file: str, kind: type[R]) -> Iterator[tuple[str, R]]:
        """The records of a file, and what to call each of them."""
        text = _text(self.path, file).removesuffix("\n")
        for number, line in enumerate(text.split("\n") if text else (), 1):  # ids may hold other line ends
            where = f"line {number} of {file}"
            yield where, read_record(kind, line, where)


class HardFiles:
    """Files of a set while it is built: PLACE/KIND/LEVEL/CLASS/ID and clean/CLASS/ID of a folder.

    place: as a Form has it. codec: how inputs are written, exactly. names: of every sample, see item_names.
    Implements core.build_run.Files.
    """

    def __init__(
        self,
        kept: Kept,
        place: str,
        codec: Codec,
        names: Mapping[str, str],
        classes: Sequence[ClassFolder],
    ) -> None:
        self.kept, self.place, self.codec = kept, place, codec
        self.names, self.classes = names, classes

    def name(self, sample: Sample, kind: str = "", level: str = "") -> str:
        """The file of a labelled sample under a kind of change at a level; without them, untouched."""
        assert sample.label is not None
        where = [self.place, kind, level] if kind else [CLEAN]
        name = self.names[sample.id] + self.codec.suffix(sample.spec)
        return "/".join([*where, self.classes[sample.label].folder, name])

    def write(self, sample: Sample, x: Array, kind: str = "", level: str = "") -> tuple[str, str, Array]:
        """Store an input, the untouched one without a kind: its file, its SHA-256, what the file holds."""
        file, data = self.name(sample, kind, level), self.codec.to_bytes(x, sample.spec)
        for name, content in {**beside(file, self.codec, sample.spec), file: data}.items():
            self.kept.write(name, content)
        return file, sha256(data).hexdigest(), self.codec.from_bytes(data, sample.spec)


def beside(file: str, codec: Codec, spec: InputSpec) -> dict[str, bytes]:
    """Files that other programs need beside that of an input, by their place: the header of a WFDB record."""
    stem = file.removesuffix(codec.suffix(spec))
    found = codec.companions(stem.rsplit("/", 1)[-1], spec)
    return {stem + suffix: text.encode() for suffix, text in found.items()}


def item_names(ids: Iterable[str]) -> dict[str, str]:
    """A file name without ending for every sample: the end of its id where no other has that.

    Names differ in more than case, as some systems need.
    """
    every = list(ids)
    short = {id: plain_name(PurePosixPath(id).stem or id) for id in every}
    count = Counter(name.lower() for name in short.values())
    names = {id: name if count[name.lower()] == 1 else plain_name(id) for id, name in short.items()}
    again = Counter(name.lower() for name in names.values())
    digests = {id: sha256(id.encode(errors="surrogateescape")).hexdigest()[:16] for id in every}
    return {id: name if again[name.lower()] == 1 else digests[id] for id, name in names.items()}


def plain_name(text: str) -> str:
    """A file name for any text, that begins as plain names do."""
    name = file_name(text)
    return name if PLAIN.fullmatch(name) else f"x{name}"


def class_folders(classes: Sequence[str]) -> tuple[ClassFolder, ...]:
    """Every class with its folder: its index, all of one length."""
    digits = len(str(max(len(classes) - 1, 0)))
    return tuple(
        ClassFolder(index=i, name=name, folder=str(i).zfill(digits)) for i, name in enumerate(classes)
    )


def write_hard_set(
    path: Path,
    about: Benchmark,
    classes: Sequence[ClassFolder],
    items: Iterable[Item],
    left_out: Iterable[LeftOut],
    held_out: Iterable[HeldOutAnswer],
    card: str,
    sums: Mapping[str, str],
    textures: bytes | None = None,
) -> HardSet:
    """Write all but the inputs, which are there, and their SHA-256 in sums. Same set, same bytes.

    textures: the file that recipes name. benchmark.json comes last: a folder without it is unfinished. Raises
    DiskError.
    """
    texts = {
        ITEMS: _jsonl(items),
        LEFT_OUT: _jsonl(left_out),
        HELD_OUT: _jsonl(held_out),
        CLASSES: json.dumps([one.model_dump() for one in classes], indent=1, ensure_ascii=False) + "\n",
        CARD: card,
        ABOUT: json.dumps(about.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n",
    }
    every = dict(sums)
    if textures is not None:
        every[TEXTURES] = sha256(textures).hexdigest()
        write_inside(path, TEXTURES, textures)
    for file, text in texts.items():
        data = text.encode(errors="backslashreplace")
        every[file] = sha256(data).hexdigest()
        if file != ABOUT:
            write_inside(path, file, data)
    lines = "".join(f"{every[file]}  {file}\n" for file in sorted(every))
    write_inside(path, SUMS, lines.encode())
    write_inside(path, ABOUT, texts[ABOUT].encode(errors="backslashreplace"))
    return HardSet.open(path)


def write_inside(folder: Path, file: str, data: bytes) -> None:
    """Write a file of a set at once; no folder on its way may be a link. Raises DiskError."""
    FolderFiles(folder).write(file, data)


def _jsonl(records: Iterable[BaseModel]) -> str:
    return "".join(
        json.dumps(record.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False) + "\n"
        for record in records
    )


def _text(folder: Path, file: str) -> str:
    try:
        return read_inside(folder, file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RunError(damaged(file, str(error))) from error


def read_inside(folder: Path, file: str) -> bytes:
    """The contents of a plain file inside a folder, by a path without links. Raises RunError."""
    try:
        return read_plain(folder, file, MOST_BYTES, follow=True)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RunError(f"{folder / file} cannot be read: {reason}; the set is damaged") from error

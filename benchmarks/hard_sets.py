"""Hard sets on models that had no part in them: unseen error, the least distortion, HPE's way beside ours.

    python benchmarks/hard_sets.py errors distortion --data ASSETS/data/imagenet --levels 4,8,16 --seeds 3 \\
        --family ASSETS/models/imagenet_squeezenet11.onnx \\
        --family ASSETS/models/imagenet_mobilenet_v1_075.onnx \\
        --family ASSETS/models/imagenet_mobilenet_v2.onnx \\
        --family efficientnet-lite1,efficientnet-lite0 --kind wave --kind texture --out runs/hard-sets
    python benchmarks/hard_sets.py ways ... --budget 30 --out runs/hard-ways

A family is some models with commas between them: the first may be a surrogate, the last is held out where
none of the family is one. Sets are made of every two families, and every other family is asked for them.
Textures are learned on the surrogates of each set, and nothing else.

Patterns are learned and chosen on the first half of the data, sets are made of the second: of the photos that
any surrogate gets right. Errors are over photos that the hold-out gets right untouched, so they are falls.
Rivals are brought to the same L2: one random wave, a random layer on every cell, the 15 corruptions of
ImageNet-C (our kernels) blended down. `distortion` asks how far the corruptions must go, through blends and
severities 1 to 5, for the error that a set has. Sets and answers are kept in --out: the same command
continues. Tables are Markdown.
"""

import argparse
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from brittle.store.files import write_whole
from hard_study import Study, plain
from hard_tables import TABLES

LIBRARIES = ("brittle", "numpy", "onnxruntime", "pillow", "scipy", "torch")
KINDS = ("wave", "texture", "cells")


def page(study: Study) -> Iterator[str]:
    """Conditions, then the tables."""
    chosen = study.chosen
    yield (
        f"Families {'; '.join(', '.join(map(plain, members)) for members in chosen.family)}; "
        f"{chosen.seeds} seeds; {study.photos} photos of the second half; Python "
        f"{platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in LIBRARIES)}."
    )
    for name in chosen.tables:
        title, table = TABLES[name]
        yield f"## {title}\n\n{table(study)}"


def numbers(text: str) -> list[float]:
    """Several numbers with commas between them."""
    return [float(part) for part in text.split(",")]


def names(text: str) -> list[str]:
    """Several names with commas between them."""
    return text.split(",")


def main() -> None:
    """Make what is missing, then print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tables", nargs="+", choices=TABLES)
    parser.add_argument("--data", type=Path, required=True, help="labelled photos, at least 8 in each half")
    parser.add_argument("--family", action="append", type=names, required=True, help="repeatable")
    parser.add_argument("--surrogates", action="append", type=names, help="only sets of these; repeatable")
    parser.add_argument("--together", type=int, default=2, help="surrogates of a set, but in ways [2]")
    parser.add_argument("--size", type=int, default=224, help="side of the stored images")
    parser.add_argument("--levels", type=numbers, default=[8.0])
    parser.add_argument("--kind", action="append", choices=KINDS, help="repeatable [all]")
    parser.add_argument("--budget", type=int, help="candidates of a kind [8, and 100 of cells]")
    parser.add_argument("--seeds", type=int, default=1, help="how many, but in ways [1]")
    parser.add_argument("--textures", type=Path, help="where learned ones are kept [in --out]")
    parser.add_argument("--side", type=int, help="elements of a texture along each axis [56]")
    parser.add_argument("--max-l2", type=float, help="L2 that textures are learned at [5 for photos]")
    parser.add_argument("--threads", type=int, default=1, help="of every model")
    parser.add_argument("--out", type=Path, default=Path("runs/hard-sets"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    chosen = parser.parse_args()
    chosen.kind = chosen.kind or list(KINDS)
    text = "\n\n".join(page(Study(chosen))) + "\n"
    print(text)
    if chosen.table:
        write_whole(chosen.table, text)


if __name__ == "__main__":
    main()

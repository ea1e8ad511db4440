"""How many samples come out the same for batch sizes 1, 7 and 32 on the built-in model and photos.

    python benchmarks/agreement.py [--budget 150] [--search random]

Engines answer a row a little differently in another batch; answers are rounded before any decision. Two
results are the same if their lines in results.jsonl are, times apart.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import brittle
from brittle.core.result import SearchResult

BATCHES = (1, 7, 32)


def results(folder: Path, batch: int, budget: int, search: str) -> dict[str, SearchResult]:
    """Every result of one audit, without its times."""
    run = brittle.audit(budget=budget, batch=batch, search=search, out=str(folder / str(batch)))
    return {r.sample: replace(r, seconds=0, started="", finished="") for r in run.results()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--budget", type=int, default=150)
    parser.add_argument("--search", default="random")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, *others = (results(Path(folder), batch, args.budget, args.search) for batch in BATCHES)
    same = [name for name in first if all(other[name] == first[name] for other in others)]
    print(f"{len(same)} of {len(first)} samples are the same for batch {', '.join(map(str, BATCHES))}")
    for name in sorted(set(first) - set(same)):
        print("differs:", name)


if __name__ == "__main__":
    main()

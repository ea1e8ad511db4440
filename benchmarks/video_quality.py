"""Compare searches on the same clips: how soon they flip, how near, and in how many frames.

    python benchmarks/video_quality.py --model MODEL --data clips.npz --seeds 3 --out video.jsonl \\
        --play "patchwork cell=1x8x8 opening=none @250" --play "patchwork @250"

A play is a search, settings of the audit (cell, distance, distortions=a+b) or of the search, and its budget;
ratios are taken against the first one. The search "whole" shows every layer over the whole clip and nothing
else. Queries are rows up to the first flip, or to the first of a MAP (mean absolute change, of 255) of at
most 1; a miss counts the whole budget. In MAP of all a miss counts that of the clip's weakest whole layer of
the same distortions that flips, 12.75 where none does. Of several seeds a clip counts its mean. Ratios are
geometric means over clips that both flipped, paired, with 95 % intervals (bootstrap-t). Results are kept in
--out: the same command continues, another play adds its rows, and the table is made from the file.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from brittle.core.distance import mean_absolute_perturbation
from brittle.core.result import SearchResult, Status
from brittle.core.sample import InputSpec
from brittle.report.intervals import mean_interval
from brittle.report.summary import FARTHEST_MAP
from brittle.tasks.audit.opening import open_audit
from brittle.tasks.audit.settings import AuditSettings, GameSettings
from kept import play_missing, read
from search_quality import plain

Rows = list[dict[str, Any]]
OWN_SEARCHES = {"whole": "whole:Whole"}
MOST_LAYERS = 100
HEADINGS = (
    *("play", "n", "ASR", "queries, median", "mean of all", "MAP <= 1", "queries to it, mean of all"),
    *(
        "MAP, median",
        "MAP, mean of all",
        "L2, median",
        "frames",
        "queries / first",
        "L2 / first",
        "MAP / first",
    ),
)


@dataclass(frozen=True)
class Play:
    """A search with its settings and budget, as written."""

    text: str

    @property
    def whole(self) -> str:
        """The play of whole layers of its distortions."""
        named = [word for word in self.text.split() if word.startswith("distortions=")]
        return " ".join(["whole", *named, "distance=map", f"@{MOST_LAYERS}"])

    def settings(self, model: str, data: str, seed: int) -> AuditSettings:
        """The audit of this play."""
        words = self.text.split()
        search = OWN_SEARCHES.get(words[0], words[0])
        told = {"search": search, "budget": int(words[-1].removeprefix("@"))}
        settings = {}
        for word in words[1:-1]:
            name, value = word.split("=", 1)
            if name == "distortions":
                told[name] = value.split("+")
            elif name in GameSettings.model_fields:
                told[name] = value
            else:
                settings[name] = plain(value)
        return AuditSettings.build(
            {"model": model, "data": data, "seed": seed, **told, "search_settings": settings}
        )


def play(one: Play, model: str, seed: int, arguments: argparse.Namespace) -> None:
    """Play what is missing and append it to the file."""
    opened = open_audit(one.settings(model, arguments.data, seed))
    key = [model, one.text, seed]
    names, kept = opened.dataset.ids[: arguments.limit], partial(row_of, spec=opened.dataset.spec)
    play_missing(opened, names, {"key": key}, kept, arguments.batch, arguments.out)


def row_of(result: SearchResult, spec: InputSpec) -> dict[str, Any]:
    """What is kept of one clip."""
    closest = result.closest
    return {
        "sample": result.sample,
        "status": result.status.value,
        "rows": result.queries,
        "first": result.first.query if result.first else None,
        "map1": result.map1_query,
        "l2": closest.l2 if closest else None,
        "map": mean_absolute_perturbation(closest.mean_absolute, spec.span) if closest else None,
        "frames": closest.frames / spec.shape[1] if closest and closest.frames else None,
    }


def table(rows: Rows, plays: Sequence[Play], model: str) -> str:
    """The plays on one model, as Markdown."""
    found = {one.text: _clips(rows, model, one.text) for one in plays}
    shared = sorted(set.intersection(*(set(clips) for clips in found.values())))
    first = found[plays[0].text]
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---" + "|---:" * (len(HEADINGS) - 1) + "|"]
    for one in plays:
        clips, budget = found[one.text], int(one.text.rsplit("@", 1)[1])
        floor = _floor(rows, model, one.whole)
        runs = [row for name in shared for row in clips[name]]
        flips = [row for row in runs if row["first"]]
        near = [row for row in runs if row["map1"]]
        cells = [f"`{one.text}`", str(len(shared)), f"{len(flips) / max(1, len(runs)):.3f}"]
        cells += [_number(np.median, [row["first"] or budget for row in runs])]
        cells += [_number(np.mean, [row["first"] or budget for row in runs])]
        cells += [f"{len(near) / max(1, len(runs)):.2f}"]
        cells += [_number(np.mean, [row["map1"] or budget for row in runs])]
        cells += [_number(np.median, [row["map"] for row in flips])]
        cells += [_number(np.mean, [row["map"] or floor.get(row["sample"], FARTHEST_MAP) for row in runs])]
        cells += [_number(np.median, [row["l2"] for row in flips])]
        cells += [_number(np.mean, [row["frames"] for row in flips])]
        if one is plays[0]:
            cells += ["", "", ""]
        else:
            for name in ("first", "l2", "map"):
                cells.append(_ratio([clips[s] for s in shared], [first[s] for s in shared], name))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _clips(rows: Rows, model: str, play: str) -> dict[str, Rows]:
    """The runs of each clip that was played, one a seed."""
    clips: dict[str, Rows] = defaultdict(list)
    for row in rows:
        if row["key"][:2] == [model, play] and row["status"] in (Status.FLIPPED, Status.SURVIVED):
            clips[row["sample"]].append(row)
    return clips


def _floor(rows: Rows, model: str, whole: str) -> dict[str, float]:
    """MAP of the weakest whole layer that flips, by clip."""
    return {name: runs[0]["map"] for name, runs in _clips(rows, model, whole).items() if runs[0]["map"]}


def _number(of: Callable[[Any], Any], values: Sequence[float]) -> str:
    if not values:
        return "–"
    value = float(of(values))
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def _ratio(ours: Sequence[Rows], theirs: Sequence[Rows], name: str) -> str:
    """Geometric mean of ratios over clips that both flipped with some seed."""
    logs = []
    for mine, other in zip(ours, theirs, strict=True):
        sides = [[log(row[name]) for row in side if row[name]] for side in (mine, other)]
        if all(sides):
            logs.append(float(np.mean(sides[0]) - np.mean(sides[1])))
    if not logs:
        return "–"
    interval = mean_interval(np.array(logs), np.random.default_rng(0))
    ends = f" [{exp(interval.low):.2f}, {exp(interval.high):.2f}]" if interval else ""
    return f"{exp(float(np.mean(logs))):.2f}{ends}"


def main() -> None:
    """Play the plan and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", action="append", dest="models", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--play", action="append", dest="plays", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--limit", type=int, help="only the first clips")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("video.jsonl"))
    arguments = parser.parse_args()
    plays = [Play(text) for text in arguments.plays]
    for model in arguments.models:
        for text in sorted({one.whole for one in plays}):
            play(Play(text), model, 0, arguments)
        for one in plays:
            for seed in range(arguments.seeds):
                play(one, model, seed, arguments)
        print(f"\n**{Path(model).stem}**\n\n{table(read(arguments.out), plays, model)}")


if __name__ == "__main__":
    main()

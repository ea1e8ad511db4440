"""The ECG table of HPE's slides: noise type x segment length, with every row counted.

    python benchmarks/ecg_table.py                                        # ECG5000, the built-in model
    python benchmarks/ecg_table.py --model af.onnx --data cinc2017/ --classes classes.txt

One audit for each of HPE's presets, all with one seed and budget. Queries are rows shown to the model; steps
are HPE's own count, where a round over all segments is one. The same command continues what is missing.
"""

import argparse
from collections.abc import Iterable
from pathlib import Path
from statistics import mean, median

import brittle
from brittle.core.result import SearchResult, Status
from brittle.report.wording import number
from brittle.store.run import Run
from brittle.tasks.audit.presets import ECG_PRESETS, HPE_RATE

COLUMNS = (
    *("noise", "segment, ms", "in samples", "n", "flipped (ASR)", "steps to the flip", "queries to the flip"),
    *("queries in all", "L2", "max change", "SNR, dB"),
)


def main() -> None:
    """Play all presets, print the table, and write it where asked."""
    chosen = arguments()
    runs = {name: play(name, chosen) for name in ECG_PRESETS}
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    table = head + "".join(row(name, run) for name, run in runs.items())
    text = heading(chosen, next(iter(runs.values()))) + table + notes()
    print(text)
    if chosen.table:
        chosen.table.parent.mkdir(parents=True, exist_ok=True)
        chosen.table.write_text(text, encoding="utf-8")


def arguments() -> argparse.Namespace:
    """What to play on, and how long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="ecg")
    parser.add_argument("--data", default="ecg5000")
    parser.add_argument("--classes", help="file with class names, in the model's order")
    parser.add_argument("--rate", type=float, default=HPE_RATE, help="samples per second of the signals")
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--budget", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/ecg-table"))
    parser.add_argument("--table", type=Path, help="Markdown file to write")
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args()


def play(name: str, chosen: argparse.Namespace) -> Run:
    """The audit of one preset."""
    return brittle.audit(
        chosen.model,
        chosen.data,
        **brittle.preset(name, chosen.rate),
        budget=chosen.budget,
        seed=chosen.seed,
        data_options={"limit": chosen.samples},
        model_options={"classes": chosen.classes, "threads": chosen.threads},
        out=str(chosen.out / name),
    )


def row(name: str, run: Run) -> str:
    """One line of the table; means over flips, as HPE gives them."""
    preset, spec = ECG_PRESETS[name], run.manifest.spec
    samples = [max(1, round(length * (spec.rate or 1) / 1000)) for length in preset.lengths]
    lengths = ", ".join(f"{length:g}" for length in preset.lengths)
    played = [r for r in run.results() if r.status in (Status.FLIPPED, Status.SURVIVED)]
    flips = [r for r in played if r.first and r.closest]
    cells = [
        preset.distortion.replace("_", " "),
        lengths if len(preset.lengths) == 1 else f"mixed ({lengths})",
        ", ".join(map(str, sorted(set(samples)))),
        str(len(played)),
        f"{len(flips)} ({100 * len(flips) / max(1, len(played)):.0f} %)",
        average(steps(r) for r in flips),
        average(float(r.first.query) for r in flips if r.first),
        average(float(r.queries) for r in played),
        average(r.closest.l2 for r in flips if r.closest),
        average(r.closest.linf for r in flips if r.closest),
        average(r.closest.snr or 0.0 for r in flips if r.closest),
    ]
    return "| " + " | ".join(cells) + " |\n"


def steps(result: SearchResult) -> float:
    """Rounds until the flip, HPE's count."""
    return float((result.notes or {}).get("rounds", 0))


def average(values: Iterable[float]) -> str:
    """Mean (median), or a dash for nothing."""
    found = list(values)
    return f"{number(mean(found))} ({number(median(found))})" if found else "–"


def heading(chosen: argparse.Namespace, run: Run) -> str:
    """What was played."""
    spec, statuses = run.manifest.spec, [r.status for r in run.results()]
    wrong, failed = statuses.count(Status.MISCLASSIFIED), statuses.count(Status.FAILED)
    flags = f" --classes {Path(chosen.classes).name}" if chosen.classes else ""
    command = (
        f"--model {Path(chosen.model).name} --data {Path(chosen.data).name}{flags} --rate {chosen.rate:g}"
    )
    limits = f"--samples {chosen.samples} --budget {chosen.budget} --seed {chosen.seed}"
    return (
        f"# ECG: noise type x segment length, {Path(chosen.model).stem} on {run.manifest.data['name']}\n\n"
        f"{len(statuses)} samples of {spec.shape[0]} x {spec.shape[1]} at {spec.rate:g} Hz, {wrong} of them "
        f"wrong to begin with and {failed} could not be played (a label the model does not know); "
        f"budget {chosen.budget} queries a sample, seed {chosen.seed}, search greedy (HPE's procedure "
        f"without its agent), L2 and greatest change in {spec.unit}. Means, medians in brackets.\n\n"
        f"    python benchmarks/ecg_table.py {command} {limits}\n\n"
    )


def notes() -> str:
    """How to read it."""
    return (
        "\nSteps to the flip, queries to the flip, L2, greatest change and SNR are over flips. Queries in "
        "all are over all played samples (a survivor counts what it used) and hold the clean row, every "
        "candidate, the taking away of what is not needed and the verification. A step shows the model "
        "every segment once, so steps of different lengths cost different numbers of queries; a mixed "
        "step shows segments of every length. The noise has brittle's own levels (docs/ecg.md), not "
        "HPE's amplitudes, which are not known to us: compare L2 within this table only.\n"
    )


if __name__ == "__main__":
    main()

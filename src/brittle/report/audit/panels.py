"""The parts of the page that are made in Python: facts, key numbers, charts, survivors."""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from markupsafe import Markup

from brittle.core.result import Status
from brittle.core.sample import InputSpec
from brittle.domains.heat import heated
from brittle.domains.pixels import enlarged, png
from brittle.report import wording
from brittle.report.audit.figures import (
    asr_against_distance,
    asr_against_queries,
    by_frame,
    distance_histogram,
)
from brittle.report.audit.places import places
from brittle.report.axes import TOUCHED, axis_to
from brittle.report.classes import class_name, own_class
from brittle.report.curves import curves
from brittle.report.pictures import Picture, picture
from brittle.report.summary import Spread, Summary
from brittle.report.tables import SummaryRow
from brittle.store.manifest import Manifest
from brittle.store.run import Run

MOST_SURVIVORS = 10
MOST_NAMES = 12


@dataclass(frozen=True)
class Chart:
    """One figure of the page. svg: safe markup, with words for a reader who cannot see it."""

    title: str
    svg: Markup


@dataclass(frozen=True)
class WhenAndWhere:
    """What the flips of clips have in common. note: of how many flips, and how strong the brightest is."""

    charts: tuple[Chart, ...]
    where: Picture
    note: str


@dataclass(frozen=True)
class Survivor:
    """A sample that held. margin: how near it came to a flip, in nats, where that is known."""

    sample: str
    name: str
    margin: float | None


def facts(run: Run, summary: Summary) -> dict[str, str]:
    """What was asked, for the top of the page; what was not asked is left out."""
    manifest = run.manifest
    settings, samples = manifest.settings, manifest.data.get("samples")
    data = str(manifest.data.get("name", ""))
    limit, spec = settings.get("max_l2"), manifest.spec
    asked = {
        "Data": f"{data} ({wording.number(samples)} samples)" if samples is not None else data,
        "Search": wording.text_setting(settings, "search"),
        "Surrogates": ", ".join(f"{one.name} (SHA-256 {one.sha256})" for one in manifest.surrogates or ()),
        "Agent": wording.agent(manifest.agent),
        "Budget": f"{summary.budget:,} queries a sample",
        "Goal": wording.text_setting(settings, "goal"),
        "Target": wording.text_setting(settings, "target"),
        "Greatest L2": "" if limit is None else wording.number(limit),
        "Leads": ", ".join(spec.channels),
        "Rate": "" if spec.rate is None else f"{spec.rate:g} a second",
        "Cell": " × ".join(map(str, manifest.cell)),
        "Seed": str(summary.seed),
        "Finished": wording.moment(
            max((str(session.get("finished") or "") for session in run.sessions()), default="")
        ),
    }
    return {name: value for name, value in asked.items() if value}


def tiles(summary: Summary) -> list[SummaryRow]:
    """The numbers to remember."""
    if not summary.played:
        return []
    return [*_robustness_tile(summary), *_game_tiles(summary)]


def _robustness_tile(summary: Summary) -> list[SummaryRow]:
    """The one figure, where there is one, and its halves."""
    if (found := summary.robustness) is None:
        return []
    halves = f"{wording.percent(found.under_distortion)} under distortion, "
    halves += f"{wording.percent(found.under_attack)} under attack"
    sure = wording.percent_interval(found.interval)
    beside = f"95 % interval {sure}; {halves}" if sure else halves
    return [SummaryRow("Robustness", wording.percent(found.value), beside)]


def _game_tiles(summary: Summary) -> list[SummaryRow]:
    """What the game brought and took."""
    asr = f"95 % interval {wording.percent_interval(summary.asr_interval)}"
    rows = SummaryRow(
        "Queries in all", wording.number(summary.rows), f"in {wording.duration(summary.seconds)}"
    )
    tile = SummaryRow("Flipped (ASR)", wording.percent(summary.asr), asr)
    if not summary.flipped:
        return [tile, rows]
    if summary.map1 is not None:
        return [tile, *_clip_tiles(summary)]
    return [
        tile,
        _flip_tile("First flip, medians", summary.queries, summary.first_l2, summary.spec),
        _flip_tile("Closest flip, medians", summary.closest_queries, summary.distances["l2"], summary.spec),
        rows,
    ]


def _clip_tiles(summary: Summary) -> list[SummaryRow]:
    """The first flip of clips by its queries, the closest by its MAP, and those that are hardly seen."""
    sure = wording.interval(summary.queries.median_interval) or wording.NO_INTERVAL
    l2, found = (
        wording.number(spread.median) for spread in (summary.distances["l2"], summary.closest_queries)
    )
    small, all_flips = wording.number(summary.map1), wording.number(summary.flipped)
    first = summary.map1_queries.median if summary.map1_queries else None
    return [
        SummaryRow("First flip, median queries", wording.number(summary.queries.median), sure),
        SummaryRow(
            "Closest flip, medians",
            f"MAP {wording.number(summary.distances['map'].median)}",
            f"mean absolute change of 255; L2 {l2}; at query {found}",
        ),
        SummaryRow(
            "Flips of MAP 1 or less",
            f"{small} of {all_flips}",
            "none came so near" if first is None else f"at a median of {wording.number(first)} queries",
        ),
    ]


def _flip_tile(name: str, queries: Spread, l2: Spread, spec: InputSpec | None) -> SummaryRow:
    """One of the two flips of a sample: its L2, what that means, and the query that found it."""
    sure = wording.interval(l2.median_interval) or wording.NO_INTERVAL
    words = (sure, wording.as_rms(l2.median, spec), f"at query {wording.number(queries.median)}")
    return SummaryRow(name, f"L2 {wording.number(l2.median)}", "; ".join(filter(None, words)))


def goal_in_words(settings: Mapping[str, Any]) -> str:
    """What counted as a flip."""
    if settings.get("target") is not None:
        return f"The class {settings['target']} becomes the top class."
    k = int(settings.get("top_k") or 1)
    return "The label is no longer the top class." if k == 1 else f"The label leaves the top {k} classes."


def charts(run: Run, summary: Summary) -> list[Chart]:
    """Two curves and a histogram; none where nothing was played."""
    if not summary.played:
        return []
    found = curves(run.results(), summary.budget)
    unit = run.manifest.spec.unit
    asr, median = wording.percent(summary.asr), wording.number(summary.distances["l2"].median)
    alt = f"Share of samples flipped against queries; it ends at {asr} after {summary.budget} queries."
    by_query = Chart("Flipped by query", Markup(asr_against_queries(found.queries, summary.budget, alt)))
    if not summary.flipped:
        return [by_query]
    alt = f"Share of samples with a flip within each L2 distance; half of the flips lie within {median}."
    by_distance = Chart("Flipped within a distance", Markup(asr_against_distance(found.distance, unit, alt)))
    alt = f"Histogram of the L2 distance of the closest flips; the median is {median}."
    histogram = Chart(
        "How far the closest flips are", Markup(distance_histogram(found.distance.at, unit, alt))
    )
    return [by_query, by_distance, histogram]


def when_and_where(run: Run) -> WhenAndWhere | None:
    """When and where flips change clips; None of other inputs and where none flipped."""
    spec, found = run.manifest.spec, places(run)
    if found is None:
        return None
    unit = wording.change_unit(spec)[1]
    touched, strongest = int(found.touched.argmax()), int(found.rms.argmax())
    alt = f"Share of flips that touch each frame; most touch frame {touched + 1}."
    share = by_frame(found.touched, TOUCHED, spec.rate, alt)
    alt = f"Mean RMS change of each frame; the greatest is that of frame {strongest + 1}."
    strength = by_frame(found.rms, axis_to(float(found.rms.max()), f"RMS ({unit})"), spec.rate, alt)
    where = picture("", "Mean absolute change at each place of a frame", png(enlarged(heated(found.where))))
    flips = wording.number(found.flips) + ("" if found.flips == found.of else f" of {found.of:,}")
    brightest = f"{wording.number(found.where.max())} {unit}"
    note = f"Of {flips} closest flips. The brightest place changes by {brightest} on average."
    charts = (
        Chart("When: flips that touch a frame", Markup(share)),
        Chart("When: how strongly", Markup(strength)),
    )
    return WhenAndWhere(charts, where, note)


def survivors(run: Run) -> list[Survivor]:
    """The samples that held, those that came nearest to a flip first."""
    classes = run.manifest.model.get("classes", ())
    held = (
        Survivor(
            result.sample,
            class_name(classes, own_class(result)),
            min((point.margin for point in result.curve), default=None),
        )
        for result in run.results()
        if result.status is Status.SURVIVED
    )
    return nsmallest(MOST_SURVIVORS, held, key=lambda one: (one.margin is None, one.margin or 0.0))


def pairs(record: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """A nested record as lines of name and value; long lists are cut."""
    found: list[tuple[str, str]] = []
    for key, value in record.items():
        full = f"{name} {key}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            found += pairs(value, full)
        elif isinstance(value, list | tuple):
            more = f" … ({len(value):,} in all)" if len(value) > MOST_NAMES else ""
            found.append((full, ", ".join(map(str, value[:MOST_NAMES])) + more))
        elif value is not None:
            found.append((full, str(value)))
    return found


def palette_in_words(manifest: Manifest) -> str:
    """The kinds of distortion that could be used."""
    names = list(dict.fromkeys(layer.distortion for layer in manifest.palette))
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} kinds of natural distortion"

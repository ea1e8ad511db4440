"""An explanation asked again: its line, its map, its curves, what suffices and what flips."""

from collections.abc import Iterator

import numpy as np

from brittle.core.curves import MEASURES, area, rest_masks, top_masks
from brittle.core.errors import DataError, RunError
from brittle.core.evaluation import against_truth
from brittle.core.explain_run import LOST_PROBABILITY
from brittle.core.explanation import Explanation, Outcome, Share
from brittle.core.sample import Array, Sample
from brittle.core.shares import KEPT_PROBABILITY, digits
from brittle.core.veil import Masks, Veil
from brittle.explainers.fills import open_fill
from brittle.store.archive import file_name
from brittle.store.explanations import PLACE, StoredMap, read_map
from brittle.store.run import Run
from brittle.tasks.explain.opening import SHOWN, chosen_class, named_class
from brittle.tasks.explain.truth import TruthMasks
from brittle.tasks.verify.answers import SLACK, answer_faults, near
from brittle.tasks.verify.check import LINES, Check, first
from brittle.tasks.verify.opening import Reopened
from brittle.tasks.verify.question import ExplanationQuestion

SHARES = {"suffices": top_masks, "flips": rest_masks}


class ExplanationJudge:
    """Checks one explanation after another; a model that cannot be asked is an error, not a check."""

    def __init__(
        self, run: Run, asked: ExplanationQuestion, opened: Reopened, truth: TruthMasks | None = None
    ) -> None:
        self.run, self.asked, self.opened, self.truth = run, asked, opened, truth
        self.model, self.spec = opened.model, asked.spec
        self.samples: set[str] = set()
        self.maps = self.evaluated = 0

    def checks(self, found: Explanation) -> Iterator[Check]:
        """A check of the line, and of each file of an explained sample. Raises ModelError."""
        yield Check(found.sample, LINES, first(self._line_faults(found)))
        self.evaluated += found.evaluation is not None
        if found.status is not Outcome.EXPLAINED or found.explained not in range(len(self.model.classes)):
            return
        self.maps += 1
        suffix = self.asked.domain.suffix(self.spec)
        stem = f"{SHOWN}/{file_name(found.sample)}"
        try:
            x, fill = (self._read(f"{stem}-{name}{suffix}") for name in ("original", "fill"))
            sides = tuple(self.spec.shape[i] for i in self.spec.spatial)
            stored = read_map(self.run.read(found.file), sides, found.file)
        except (RunError, DataError) as error:
            yield Check(found.sample, found.file or stem, str(error))
            return
        sample = Sample(found.sample, x, found.label, self.spec)
        yield Check(found.sample, f"{stem}-original{suffix}", first(self._original_faults(found, x)))
        yield Check(found.sample, f"{stem}-fill{suffix}", first(self._fill_faults(found, sample, fill)))
        veil = Veil(sample, fill)
        yield Check(found.sample, found.file, first(self._map_faults(found, stored, veil)))
        for name, share in (("suffices", found.suffices), ("flips", found.flips)):
            if share:
                yield Check(
                    found.sample, share.file, first(self._share_faults(found, name, share, stored, veil))
                )

    def _read(self, file: str) -> Array:
        return self.asked.domain.from_bytes(self.run.read(file), self.spec)

    def _line_faults(self, found: Explanation) -> Iterator[str]:
        """How a line contradicts the lines before, itself, or the data."""
        if found.sample in self.samples:
            yield "it has two lines"
        self.samples.add(found.sample)
        settings = self.asked.settings
        for name, told, asked in (
            ("explainer", found.explainer, settings.explainer),
            ("seed", found.seed, settings.seed),
        ):
            if told != asked:
                yield f"{name} is {told} in its line, {asked} in run.json"
        least = 0 if found.status is Outcome.FAILED else 1
        if not least <= found.queries <= settings.budget:
            yield f"queries is {found.queries}, expected {least} to the budget of {settings.budget}"
        for share in (found.suffices, found.flips):
            if share and not (1 < share.query <= found.queries and 0 <= share.share <= 1):
                yield f"a share of {share.share} at query {share.query}, of {found.queries}"
        if (found.file != "") != (found.status is Outcome.EXPLAINED):
            yield f"its status is {found.status.value}, but its map is '{found.file}'"
        if found.status is Outcome.EXPLAINED and found.explained not in range(len(self.model.classes)):
            yield f"explained is {found.explained}, expected a class of 0 to {len(self.model.classes) - 1}"
        yield from self._data_faults(found)

    def _data_faults(self, found: Explanation) -> Iterator[str]:
        """What the data say otherwise: the label, and the clean answer where no original is in the run."""
        failed = found.status is Outcome.FAILED
        sample = yield from self.opened.sample(found.sample, found.label, failed=failed)
        if sample and found.status in (Outcome.REFUSED, Outcome.NOTHING_FOUND):
            answer = self.opened.answers(sample.x[None])[0]
            yield from answer_faults(found.predicted, found.top, answer, self.model.classes)
            if found.fill:
                yield from self._kept_faults(found, sample)

    def _kept_faults(self, found: Explanation, sample: Sample) -> Iterator[str]:
        """How the last fill did not do what a line without a map says."""
        fill = Veil(sample, open_fill(found.fill, self.spec, found.seed)(sample)).fill
        yield from self._probability_faults(found, fill, "filled", found.filled)

    def _original_faults(self, found: Explanation, x: Array) -> Iterator[str]:
        """How the stored original is not the sample that was explained."""
        yield from self.opened.original_faults(found.sample, x)
        answer = self.opened.answers(x[None])[0]
        yield from answer_faults(found.predicted, found.top, answer, self.model.classes)
        yield from self._probability_faults(found, x, "probability", found.probability)
        asked = self.asked.settings.which
        wanted = chosen_class(named_class(asked, self.model.classes), answer, found.label)
        if found.explained is not None and not near(answer[wanted], answer[found.explained]):
            yield f"explained is {self.model.classes[found.explained]}, not what was asked for: {asked}"

    def _probability_faults(
        self, found: Explanation, x: Array, name: str, told: float | None
    ) -> Iterator[str]:
        answer = float(self.opened.answers(x[None])[0][found.explained or 0])
        if told is None or not near(told, answer):
            yield f"{name} is {told} in results.jsonl, the model answers {answer:.6f}"

    def _fill_faults(self, found: Explanation, sample: Sample, fill: Array) -> Iterator[str]:
        """How the stored fill is not the one that is named, or keeps the class."""
        again = Veil(sample, open_fill(found.fill, self.spec, found.seed)(sample)).fill
        differ = np.count_nonzero(np.abs(again - fill) > 1.01 * self.spec.code)
        if differ:
            yield f"it is not the fill {found.fill}: {differ} of {fill.size} values differ"
        yield from self._probability_faults(found, fill, "filled", found.filled)
        if (found.filled or 0) > LOST_PROBABILITY * (found.probability or 0) + SLACK:
            yield f"it keeps the class: {found.filled} of {found.probability}"

    def _map_faults(self, found: Explanation, stored: StoredMap, veil: Veil) -> Iterator[str]:
        """How the curves are not those of the stored map, or the line says others."""
        if not np.array_equal(stored.shares, MEASURES):
            yield "its curves are taken at other shares than this brittle's"
            return
        before, after = found.probability or 0.0, found.filled or 0.0
        for name, of, told, start, end in (
            ("insertion", top_masks, found.insertion, after, before),
            ("deletion", rest_masks, found.deletion, before, after),
        ):
            curve = getattr(stored, name)
            for share, there, answer in zip(
                MEASURES, curve, self._asked_masks(found, veil, of(stored.values, MEASURES)), strict=True
            ):
                if not near(float(there), float(answer)):
                    yield f"{name} at {share:.3f} is {there:.6f}, the model answers {answer:.6f}"
            under = area(MEASURES, curve, start, end)
            if told is None or abs(told - under) > 2e-6:
                yield f"{name} is {told} in results.jsonl, its curve has {under:.6f}"
        share = found.suffices.share if found.suffices else 0.0
        if not np.array_equal(stored.mask, top_masks(stored.values, [share])[0] > 0):
            yield "its mask is not what suffices"
        if stored.seed != found.seed or stored.rows != found.queries:
            yield (
                f"it is of seed {stored.seed} and {stored.rows} rows, "
                f"its line of {found.seed} and {found.queries}"
            )
        yield from self._truth_faults(found, stored.values)

    def _truth_faults(self, found: Explanation, values: Array) -> Iterator[str]:
        mask = self.truth(found.sample) if self.truth and found.truth else None
        if mask is not None and against_truth(values, mask.astype(np.float32)) != found.truth:
            yield "it meets its mask of the truth otherwise than results.jsonl says"

    def _asked_masks(self, found: Explanation, veil: Veil, masks: Masks) -> Array:
        rows = np.empty((len(masks), *self.spec.shape), np.float32)
        for mask, row in zip(masks, rows, strict=True):
            veil.render(mask, row)
        answers: Array = self.opened.answers(rows)[:, found.explained or 0]
        return answers

    def _share_faults(
        self, found: Explanation, name: str, share: Share, stored: StoredMap, veil: Veil
    ) -> Iterator[str]:
        """How a share is not what its file shows, or does not do what it is said to."""
        x = self._read(share.file)
        again = np.empty_like(x)
        veil.render(SHARES[name](stored.values, [share.share])[0], again)
        if np.abs(again - x).max() > 1.01 * self.spec.code:
            yield f"the map's share of {share.share} renders another input than its file holds"
        answer = self.opened.answers(x[None])[0]
        probability, predicted = digits(answer[found.explained or 0]), int(answer.argmax())
        if not near(share.probability, probability):
            yield f"its probability is {share.probability} in results.jsonl, the model answers {probability}"
        if share.predicted != predicted and not near(answer[share.predicted], answer[predicted]):
            yield f"predicted is {share.predicted} in results.jsonl, the model answers {predicted}"
        kept = probability >= KEPT_PROBABILITY * (found.probability or 0) * (1 - 2 * SLACK)
        if name == "suffices" and not kept:
            yield f"it does not suffice: it keeps {probability} of {found.probability}"
        if name == "flips" and predicted == found.explained:
            yield "it does not flip the decision"


def stray_files(run: Run, samples: set[str]) -> Iterator[str]:
    """Files of maps and inputs that are of no sample."""
    stems = {file_name(sample) for sample in samples}
    ends = ("-original", "-fill", "-suffices", "-flips")
    for place in (PLACE, SHOWN):
        folder = run.path / place
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            stem = (
                path.stem
                if place == PLACE
                else next((path.stem.removesuffix(end) for end in ends if path.stem.endswith(end)), path.stem)
            )
            if path.suffix != ".part" and stem not in stems:
                yield f"{place}/{path.name} is of no sample"

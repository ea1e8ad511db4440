"""The tables of hard_sets.py, and their intervals: bootstraps over photos."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from brittle.report.intervals import mean_interval, wilson
from brittle.searches.peers.imagenet_c import CORRUPTIONS
from hard_rivals import CELLS, WAVE, Key
from hard_study import Column, Study, Values, mean

DRAWS = 2000
POOLED = None
"""All families, each counted alike."""


def errors(study: Study) -> str:
    """Unseen error by kind and level, and of rivals at the same L2."""
    ours = study.ours
    lines = [_photos(study, next(iter(ours.values())), "at L2"), *_errors(study, ours)]
    return "\n".join(lines) + "\n\n" + _paired(study, ours)


def _errors(study: Study, ours: Mapping[Key, Column]) -> list[str]:
    lines = []
    for level in study.levels:
        for kind in study.chosen.kind:
            lines.append(_line(f"**{kind}**", level, ours[kind, level]))
        for name in (WAVE, CELLS):
            lines.append(_line(name, level, study.rivals[name, level]))
        lines.append(_line("mean of 15 corruptions", level, study.mean_of_all(level)))
        worst = max(CORRUPTIONS, key=lambda name: _error(study.rivals[name, level].wrong, POOLED))
        one = study.rivals[worst, level]
        lines.append(_line(f"the worst of 15, {worst.replace('_', ' ')}", level, one))
    return lines


def _photos(study: Study, column: Column, first: str) -> str:
    """The head of a table of errors, and how many photos every column has."""
    counts = np.isfinite(column.wrong)
    held = " | ".join(study.held)
    numbers = " | ".join(map(str, [*counts.sum(axis=0), counts.any(axis=1).sum()]))
    rule = f"|---|---:|---:|{'---|' * (len(study.held) + 1)}"
    return f"| | {first} | SSIM | {held} | pooled |\n{rule}\n| photos | | | {numbers} |"


def _line(name: str, level: str, one: Column) -> str:
    families = one.wrong.shape[1]
    cells = [_share(one.wrong[:, family]) for family in range(families)]
    return f"| {name} | {level} | {np.nanmean(one.ssim):.3f} | {' | '.join(cells)} | {_pooled(one.wrong)} |"


def _share(values: Values) -> str:
    """A mean in per cent with its interval: Wilson's of shares, else bootstrap-t."""
    values = values[np.isfinite(values)]
    if not len(values):
        return "–"
    if np.isin(values, (0, 1)).all():
        sure = wilson(int(values.sum()), len(values))
    else:
        sure = mean_interval(values, np.random.default_rng(0))
    between = f" [{100 * sure.low:.0f}, {100 * sure.high:.0f}]" if sure else ""
    return f"{100 * values.mean():.0f}{between}"


def _pooled(wrong: Values) -> str:
    drawn = rates(wrong, drawn_weights(len(wrong)))
    return _between(_error(wrong, POOLED), _over(drawn, POOLED))


def _between(value: float, drawn: Values) -> str:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{100 * value:.0f} [{100 * low:.0f}, {100 * high:.0f}]"


def drawn_weights(photos: int) -> Values:
    """How often every photo is drawn, (draws, photos)."""
    return np.random.default_rng(0).multinomial(photos, [1 / photos] * photos, DRAWS).astype(float)


def rates(wrong: Values, weights: Values) -> Values:
    """Error of every family under every draw, (draws, families); NaN where a family is asked nothing."""
    with np.errstate(invalid="ignore"):
        return np.asarray((weights @ np.nan_to_num(wrong)) / (weights @ np.isfinite(wrong)))


def _over(by_family: Values, family: int | None) -> Values:
    """Of one family, or the mean of all that are asked."""
    return np.asarray(np.nanmean(by_family, axis=-1) if family is POOLED else by_family[..., family])


def _error(wrong: Values, family: int | None) -> float:
    return float(_over(rates(wrong, np.ones((1, len(wrong)))), family)[0])


def _paired(study: Study, ours: Mapping[Key, Column]) -> str:
    """Differences to a random wave and to the mean of corruptions, of the same photos and families."""
    lines = [
        "| paired, points, pooled | L2 | less a random wave | less the mean of 15 |",
        "|---|---:|---|---|",
    ]
    for level in study.levels:
        for kind in study.chosen.kind:
            rivals = (study.rivals[WAVE, level], study.mean_of_all(level))
            cells = [difference(ours[kind, level].wrong, one.wrong) for one in rivals]
            lines.append(f"| {kind} | {level} | {' | '.join(cells)} |")
    return "\n".join(lines)


def difference(one: Values, other: Values) -> str:
    """Points between two pooled errors, with the interval of the same draws."""
    both = np.isfinite(one) & np.isfinite(other)
    ours, theirs = (np.where(both, of, np.nan) for of in (one, other))
    weights = drawn_weights(len(one))
    drawn = _over(rates(ours, weights), POOLED) - _over(rates(theirs, weights), POOLED)
    return _between(_error(ours, POOLED) - _error(theirs, POOLED), drawn)


@dataclass(frozen=True)
class Curve:
    """Error, L2 and SSIM of a corruption, or of the mean of all, from untouched on: (draws, stages)."""

    wrong: Values
    l2: Values
    ssim: Values

    @classmethod
    def of(cls, stages: Sequence[Column], family: int | None, weights: Values) -> "Curve":
        """Of the photos as they are drawn."""
        zero = np.zeros((len(weights), 1))
        total = weights.sum(axis=1)
        wrong = [_over(rates(one.wrong, weights), family)[:, None] for one in stages]
        l2, ssim = (
            [(weights @ getattr(one, of) / total)[:, None] for one in stages] for of in ("l2", "ssim")
        )
        return cls(*(np.hstack(parts) for parts in ([zero, *wrong], [zero, *l2], [zero + 1, *ssim])))

    def reaching(self, error: Values) -> tuple[Values, Values]:
        """The least mean L2 at which so great an error is reached, and SSIM there, (draws,); inf where never.

        Straight lines between stages; a stage of more L2 and less error than another counts as that.
        """
        pairs = [self._reaching(draw, float(value)) for draw, value in enumerate(error)]
        return np.array([far for far, _ in pairs]), np.array([like for _, like in pairs])

    def _reaching(self, draw: int, error: float) -> tuple[float, float]:
        order = np.argsort(self.l2[draw], kind="stable")
        far, like = self.l2[draw, order], self.ssim[draw, order]
        wrong = np.maximum.accumulate(self.wrong[draw, order])
        if error > wrong[-1]:
            return np.inf, np.nan
        after = int(np.searchsorted(wrong, error))
        if after == 0:
            return float(far[0]), float(like[0])
        low, high = wrong[after - 1], wrong[after]
        part = (error - low) / (high - low)
        return tuple(float(of[after - 1] + part * (of[after] - of[after - 1])) for of in (far, like))  # type: ignore[return-value]

    def at_ssim(self, like: Values) -> Values:
        """The error at a mean SSIM, (draws,); the greatest where stages end before."""
        found = []
        for draw, value in enumerate(like):
            order = np.argsort(-self.ssim[draw], kind="stable")
            wrong = np.maximum.accumulate(self.wrong[draw, order])
            found.append(np.interp(1 - value, 1 - self.ssim[draw, order], wrong))
        return np.array(found)


def distortion(study: Study) -> str:
    """How far corruptions must go for the same error, and how much they bring at the same SSIM."""
    lines = [
        "| kind | L2 | hold-out | error | SSIM | L2 of the mean of 15 | SSIM there | **over ours** "
        "| most efficient type | its L2 over ours | error of the mean of 15 at our SSIM |",
        "|---|---:|---|---:|---:|---:|---:|---|---|---|---|",
    ]
    for kind in study.chosen.kind:
        for level in study.levels:
            asked = np.asarray(np.isfinite(study.ours[kind, level].wrong).any(axis=0))
            for family, net in [*enumerate(study.held), (POOLED, "pooled")]:
                if family is POOLED or asked[family]:
                    lines.append(_ratio_line(study, (kind, level), family, net))
    return "\n".join(lines)


def _ratio_line(study: Study, key: Key, family: int | None, net: str) -> str:
    one = study.ours[key]
    weights = np.vstack([np.ones(len(one.wrong)), drawn_weights(len(one.wrong))])
    inside = np.isfinite(one.l2)
    far, like = (
        (weights[:, inside] @ of[inside]) / weights[:, inside].sum(axis=1) for of in (one.l2, one.ssim)
    )
    error = _over(rates(one.wrong, weights), family)
    curve = Curve.of([study.mean_of_all(stage) for stage in study.stages], family, weights)
    theirs, ssim = curve.reaching(error)
    types = {
        name: Curve.of([study.rivals[name, stage] for stage in study.stages], family, weights).reaching(
            error
        )[0]
        for name in CORRUPTIONS
    }
    least = np.min(list(types.values()), axis=0)
    best = min(types, key=lambda name: types[name][0])
    same = curve.at_ssim(like)
    end = float(curve.l2[0].max())
    return (
        f"| {key[0]} | {key[1]} | {net} | {100 * error[0]:.0f} | {like[0]:.3f} | {_far(theirs[0], end)} "
        f"| {'' if np.isnan(ssim[0]) else f'{ssim[0]:.3f}'} | {_ratio(theirs / far)} "
        f"| {best.replace('_', ' ')} | {_ratio(least / far)} | {_between(same[0], same[1:])} |"
    )


def _far(value: float, end: float) -> str:
    return f"{value:.1f}" if np.isfinite(value) else f"beyond {end:.0f}"


def _ratio(values: Values) -> str:
    """Of all photos, and its interval by draws."""
    ends = np.quantile(values[1:], [0.025, 0.975], method="nearest")
    low, high = (f"{end:.1f}" if np.isfinite(end) else "–" for end in ends)
    return f"{f'{values[0]:.1f}' if np.isfinite(values[0]) else '–'} [{low}, {high}]"


def ways(study: Study) -> str:
    """Every kind with one surrogate and with two, at the base level; means over those of so many."""
    lines: list[str] = []
    base = study.levels[len(study.levels) // 2]
    every = {group: study.columns(group, 0) for count in (1, 2) for group in study.groups(count)}
    for kind in study.chosen.kind:
        for count, title in ((1, "one"), (2, "two")):
            of = {group: columns[kind, base] for group, columns in every.items() if len(group) == count}
            if not of:
                continue
            whole = mean(list(of.values()))
            lines = lines or [_photos(study, whole, "surrogates")]
            lines += [_line(kind, study.name(group), one) for group, one in of.items()]
            lines.append(_line(f"**{kind}**", f"**{title}, mean of {len(of)}**", whole))
    return "\n".join(lines)


TABLES: Mapping[str, tuple[str, Callable[[Study], str]]] = {
    "errors": ("Unseen error, per cent, with 95 % intervals over photos", errors),
    "distortion": ("L2 at the same unseen error, error at the same SSIM", distortion),
    "ways": ("Ways and surrogates, unseen error at the base level, per cent", ways),
}

"""Settings of published tables, so that they can be run again by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from brittle.core.errors import UsageError, did_you_mean

HPE_LENGTHS = {"motion_artefact": (10.0, 16.67, 33.33, 50.0), "detached_device": (3.33, 6.66, 10.0)}
"""Milliseconds: whole samples at 300 Hz, the rate of the CinC 2017 records."""
HPE_RATE = 300.0


@dataclass(frozen=True)
class Preset:
    """One line of a table: what it is, its distortion, and its segment lengths in ms."""

    line: str
    distortion: str
    lengths: tuple[float, ...]

    def settings(self, rate: float) -> dict[str, Any]:
        """Keywords of brittle.audit, for signals of `rate` samples per second.

        Of one length: that is the cell. Of several: cells of one sample, and blocks of them tried as one.
        """
        settings: dict[str, Any] = {"distortions": [self.distortion], "search": "greedy"}
        if len(self.lengths) == 1:
            return {**settings, "cell": f"{self.lengths[0]:g}ms"}
        blocks = sorted({max(1, round(length * rate / 1000)) for length in self.lengths})
        return {**settings, "cell": "1", "search_settings": {"blocks": blocks}}


def _hpe() -> dict[str, Preset]:
    found = {}
    for distortion, lengths in HPE_LENGTHS.items():
        for length in lengths:
            line = f"HPE's ECG table: {distortion}, segments of {length:g} ms, by their procedure."
            found[f"hpe-{distortion}-{length:g}ms"] = Preset(line, distortion, (length,))
        line = f"HPE's ECG table: {distortion}, segments of all lengths tried in every round."
        found[f"hpe-{distortion}-mixed"] = Preset(line, distortion, lengths)
    return found


PRESETS: Mapping[str, Preset] = MappingProxyType(_hpe())


def preset(name: str, rate: float = HPE_RATE) -> dict[str, Any]:
    """The settings of a preset, keywords of brittle.audit; rate: of the signals. Raises UsageError."""
    if name not in PRESETS:
        raise UsageError(f"no preset is called '{name}'; {did_you_mean(name, PRESETS)}")
    return PRESETS[name].settings(rate)

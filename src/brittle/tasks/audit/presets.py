"""Settings of published tables, so that they can be run again by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from brittle.core.errors import UsageError, did_you_mean

HPE_LENGTHS = {"motion_artefact": (10.0, 16.67, 33.33, 50.0), "detached_device": (3.33, 6.66, 10.0)}
"""Milliseconds: whole samples at 300 Hz, the rate of the CinC 2017 records."""
HPE_PAIRS = {
    "motion_artefact": ((10.0, 16.67), (16.67, 33.33)),
    "detached_device": ((3.33, 6.66), (6.66, 10.0)),
}
"""Lengths that are mixed in a line."""
HPE_RATE = 300.0
HPE_VIDEO = {"gb": "gaussian_blur", "dp": "dead_pixels"}
"""Distortions of HPE's video table, as it calls them."""


class Preset(Protocol):
    """One line of a published table. line: what it is."""

    @property
    def line(self) -> str: ...

    def settings(self, rate: float) -> dict[str, Any]:
        """Keywords of brittle.audit, for inputs of `rate` samples or frames per second.

        They name the domain, so that inputs of another kind are refused.
        """


@dataclass(frozen=True)
class EcgPreset:
    """A line of HPE's ECG table: its distortion, and its segment lengths in ms."""

    line: str
    distortion: str
    lengths: tuple[float, ...]

    def settings(self, rate: float) -> dict[str, Any]:
        """Of one length: that is the cell. Of several: cells of one sample, blocks of them tried as one."""
        settings = {"domain": "ecg", "distortions": [self.distortion], "search": "greedy"}
        if len(self.lengths) == 1:
            return {**settings, "cell": f"{self.lengths[0]:g}ms"}
        blocks = sorted({max(1, round(length * rate / 1000)) for length in self.lengths})
        return {**settings, "cell": "1", "search_settings": {"blocks": blocks}}


@dataclass(frozen=True)
class VideoPreset:
    """A line of HPE's video table: its distortion."""

    line: str
    distortion: str

    def settings(self, rate: float) -> dict[str, Any]:
        """The same at any rate: cells of one frame, and of the default's height and width."""
        return {
            "domain": "video",
            "distortions": [self.distortion],
            "search": "temporal-spatial",
            "cell": "1 x 1/8 x 1/8",
            "distance": "map",
        }


def _ecg() -> dict[str, EcgPreset]:
    found = {}
    for distortion, lengths in HPE_LENGTHS.items():
        for length in lengths:
            line = f"HPE's ECG table: {distortion}, segments of {length:g} ms, by their procedure."
            found[f"hpe-{distortion}-{length:g}ms"] = EcgPreset(line, distortion, (length,))
        for short, long in HPE_PAIRS[distortion]:
            line = f"HPE's ECG table: {distortion}, segments of {short:g} or {long:g} ms, by their procedure."
            found[f"hpe-{distortion}-{short:g}-{long:g}ms"] = EcgPreset(line, distortion, (short, long))
        line = f"More than HPE's ECG table: {distortion}, segments of all lengths tried in every round."
        found[f"hpe-{distortion}-mixed"] = EcgPreset(line, distortion, lengths)
    return found


def _video() -> dict[str, VideoPreset]:
    return {
        f"hpe-video-{short}": VideoPreset(
            f"HPE's video table, {short.upper()}: {distortion}, frames and then cells, for the least MAP.",
            distortion,
        )
        for short, distortion in HPE_VIDEO.items()
    }


ECG_PRESETS: Mapping[str, EcgPreset] = MappingProxyType(_ecg())
VIDEO_PRESETS: Mapping[str, VideoPreset] = MappingProxyType(_video())
PRESETS: Mapping[str, Preset] = MappingProxyType({**ECG_PRESETS, **VIDEO_PRESETS})
TABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hpe-ecg": tuple(name for name in ECG_PRESETS if not name.endswith("mixed")),
        "hpe-video": tuple(VIDEO_PRESETS),
    }
)
"""The lines of whole tables, by names of their own."""


def preset(name: str, rate: float = HPE_RATE) -> dict[str, Any]:
    """The settings of a preset, keywords of brittle.audit; rate: of the signals, in Hz. Raises UsageError."""
    if name not in PRESETS:
        raise UsageError(f"no preset is called '{name}'; {did_you_mean(name, PRESETS)}")
    return PRESETS[name].settings(rate)

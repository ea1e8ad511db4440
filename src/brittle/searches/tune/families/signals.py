"""Families of signals: hum, breathing, muscles, electrodes that swing or jump. All leads wear the same."""

from typing import ClassVar

import numpy as np

from brittle.core.sample import Array, InputSpec
from brittle.core.seeds import generator
from brittle.distortions.electrode_pop import RECOVERY
from brittle.distortions.signals import TIME, Signal, added, added_at, band_noise, in_every_lead, seconds
from brittle.optimise.kinds import Angle, Choice, Kind, Line, Log
from brittle.searches.tune.family import Family, Free, Level

MILLIVOLTS = "mV (or the unit of the signal)"
TURN = 2 * np.pi


class SignalFamily(Family):
    """What the families of signals share. fastest: Hz that the sampling rate must be able to show."""

    needs = TIME
    fastest: ClassVar[float] = 0.0

    def fits(self, spec: InputSpec) -> bool:
        """Whether it is a signal of a known sampling rate that is fast enough."""
        return super().fits(spec) and spec.rate is not None and spec.rate > 2 * self.fastest


class FreePowerline(SignalFamily):
    """A sine about 50 or 60 Hz with up to 30 % of its third harmonic, at a chosen frequency and phase."""

    name = "powerline"
    fastest = 65.0
    level = Level(0.01, 1.0, f"amplitude, {MILLIVOLTS}")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Frequency, Hz; phase; the third harmonic's share, and its phase."""
        turn: dict[str, Kind] = {"phase": Angle(), "third_phase": Angle()}
        return {"frequency": Line(45, 65), "third": Line(0, 0.3), **turn}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with the hum on it."""
        angle = TURN * free["frequency"] * seconds(spec)
        hum = np.sin(angle + free["phase"])
        if (spec.rate or 0) > 6 * free["frequency"]:
            hum += free["third"] * np.sin(3 * angle + free["third_phase"])
        return added(x, level * in_every_lead(hum, spec), spec)


class FreeBaselineWander(SignalFamily):
    """Two slow sines, at an SNR in every lead, at chosen frequencies and phases."""

    name = "baseline_wander"
    level = Level(24, -12, "SNR, dB, lower is stronger", steps="decibels")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Frequencies, Hz; phases; the share of the second sine."""
        first: dict[str, Kind] = {"frequency": Line(0.15, 0.5), "phase": Angle()}
        return {**first, "second": Line(0, 1), "second_frequency": Line(0.15, 0.5), "second_phase": Angle()}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with the wander on it."""
        angle, share = TURN * seconds(spec), free["second"]
        slow = (1 - share / 2) * np.sin(free["frequency"] * angle + free["phase"])
        slow += share / 2 * np.sin(free["second_frequency"] * angle + free["second_phase"])
        return added_at(level, x, in_every_lead(slow, spec), spec)


class FreeMuscleNoise(SignalFamily):
    """Noise of 20 to 150 Hz in a burst, at an SNR over the whole recording; its pattern is a seed."""

    name = "muscle_noise"
    fastest = 20.0
    level = Level(24, -12, "SNR, dB, lower is stronger", steps="decibels")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Middle of the burst and its sigma, shares of the recording; the seed."""
        return {"at": Line(0, 1), "width": Log(0.05, 2.0), "seed": Choice(tuple(range(8)))}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with the burst on it."""
        noise = band_noise(spec, 20.0, 150.0, generator(free["seed"], "tuned muscles"))
        burst = _bump(spec, free["at"], free["width"])
        return added_at(level, x, noise * in_every_lead(burst, spec), spec)


class FreeMotionArtefact(SignalFamily):
    """An electrode that swings once: a wave of 1 to 10 Hz that comes and goes."""

    name = "motion_artefact"
    fastest = 10.0
    level = Level(0.05, 5.0, f"amplitude, {MILLIVOLTS}")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """Middle and sigma, shares of the recording; frequency, Hz; phase."""
        place: dict[str, Kind] = {"at": Line(0, 1), "width": Log(0.01, 0.5)}
        return {**place, "frequency": Log(1, 10), "phase": Angle()}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with the swing on it."""
        swing = np.cos(TURN * free["frequency"] * seconds(spec) + free["phase"])
        return added(x, level * in_every_lead(swing * _bump(spec, free["at"], free["width"]), spec), spec)


class FreeElectrodePop(SignalFamily):
    """One step up or down that creeps back, at a chosen time."""

    name = "electrode_pop"
    level = Level(0.05, 5.0, f"height of the step, {MILLIVOLTS}")

    def free(self, spec: InputSpec) -> dict[str, Kind]:
        """When, as a share of the recording; which way; seconds to fall to 37 %."""
        way = Choice(("up", "down"))
        return {"at": Line(0, 0.95), "way": way, "recovery": Log(RECOVERY / 2, 4 * RECOVERY)}

    def __call__(self, x: Array, spec: InputSpec, level: float, free: Free) -> Array:
        """A copy of x with the step on it."""
        time = seconds(spec)
        since = time - free["at"] * time[-1]
        step = np.where(since >= 0, np.exp(-np.maximum(since, 0) / free["recovery"]), 0)
        return added(x, (level if free["way"] == "up" else -level) * in_every_lead(step, spec), spec)


def _bump(spec: InputSpec, at: float, width: float) -> Signal:
    """A Gaussian over the recording, 1 in its middle, shape (time,)."""
    share = np.linspace(0, 1, len(seconds(spec)))
    return np.asarray(np.exp(-0.5 * ((share - at) / width) ** 2))

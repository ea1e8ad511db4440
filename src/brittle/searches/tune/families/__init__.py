"""Continuous families of natural distortions. A new one is a class beside these and one line below."""

from brittle.core.sample import InputSpec
from brittle.searches.tune.families.banding import FreeBanding
from brittle.searches.tune.families.blurs import FreeGaussianBlur, FreeMotionBlur
from brittle.searches.tune.families.jpeg import FreeJpeg
from brittle.searches.tune.families.lights import ColourCast, FreeIllumination
from brittle.searches.tune.families.sensor import FreeDeadPixels, FreeNoise
from brittle.searches.tune.families.signals import (
    FreeBaselineWander,
    FreeElectrodePop,
    FreeMotionArtefact,
    FreeMuscleNoise,
    FreePowerline,
)
from brittle.searches.tune.family import Family

MEMBERS: tuple[Family, ...] = (
    FreeGaussianBlur(),
    FreeMotionBlur(),
    FreeIllumination(),
    ColourCast(),
    FreeBanding(),
    FreeNoise(),
    FreeDeadPixels(),
    FreeJpeg(),
    FreePowerline(),
    FreeBaselineWander(),
    FreeMuscleNoise(),
    FreeMotionArtefact(),
    FreeElectrodePop(),
)
FAMILIES: dict[str, Family] = {family.name: family for family in MEMBERS}


def fitting(spec: InputSpec) -> tuple[Family, ...]:
    """The families for inputs of this kind, in their order."""
    return tuple(family for family in MEMBERS if family.fits(spec))

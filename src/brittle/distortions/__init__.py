"""Natural distortions, one a file. A new one is one file and one line below."""

from typing import cast

from brittle.core.canvas import Distortion
from brittle.core.errors import UsageError
from brittle.core.registry import Registry
from brittle.core.sample import InputSpec
from brittle.distortions.function import from_function

DISTORTIONS = Registry(
    "distortion",
    "brittle.distortions",
    {
        "gaussian_noise": "brittle.distortions.gaussian_noise:GaussianNoise",
        "gaussian_blur": "brittle.distortions.gaussian_blur:GaussianBlur",
        "dead_pixels": "brittle.distortions.dead_pixels:DeadPixels",
        "illumination": "brittle.distortions.illumination:Illumination",
        "banding": "brittle.distortions.banding:Banding",
        "motion_blur": "brittle.distortions.motion_blur:MotionBlur",
        "jpeg": "brittle.distortions.jpeg:Jpeg",
        "frame_hold": "brittle.distortions.frame_hold:FrameHold",
        "frame_delay": "brittle.distortions.frame_delay:FrameDelay",
        "frame_blend": "brittle.distortions.frame_blend:FrameBlend",
        "camera_shake": "brittle.distortions.camera_shake:CameraShake",
        "flicker": "brittle.distortions.flicker:Flicker",
        "rolling_bands": "brittle.distortions.rolling_bands:RollingBands",
        "packet_loss": "brittle.distortions.packet_loss:PacketLoss",
        "h264": "brittle.distortions.h264:H264",
        "motion_artefact": "brittle.distortions.motion_artefact:MotionArtefact",
        "detached_device": "brittle.distortions.detached_device:DetachedDevice",
        "baseline_wander": "brittle.distortions.baseline_wander:BaselineWander",
        "muscle_noise": "brittle.distortions.muscle_noise:MuscleNoise",
        "powerline": "brittle.distortions.powerline:Powerline",
        "electrode_pop": "brittle.distortions.electrode_pop:ElectrodePop",
    },
)

ON_REQUEST = ("h264",)
"""Played only where named: they need an extra, and no default palette depends on what is installed."""


def open_distortion(name: str) -> Distortion:
    """The distortion of this name: built in, installed, or `my.module:thing` (a function or a class).

    Its name is the one given here, so that a stored recipe opens it again. Raises UsageError,
    MissingExtraError.
    """
    found = DISTORTIONS.load(name)
    if name in DISTORTIONS.builtin:
        return cast(Distortion, found())
    if isinstance(found, type):
        try:
            found = found()
        except TypeError as error:
            raise UsageError(f"{name}: expected a class that needs no arguments, but {error}") from error
    return from_function(name, found)


def suited(spec: InputSpec) -> tuple[str, ...]:
    """Names of the built-in and installed distortions that suit inputs of this kind: its default palette."""
    names = (name for name in DISTORTIONS.names() if name not in ON_REQUEST)
    return tuple(name for name in names if set(open_distortion(name).needs) <= set(spec.axes))

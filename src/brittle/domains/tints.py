"""The colours that pictures and their legends paint distortions in."""

from collections.abc import Sequence
from colorsys import hsv_to_rgb

from brittle.core.canvas import Layer

# Okabe & Ito 2008, "Color Universal Design": told apart by colour-blind readers too.
SEVEN = ("#e69f00", "#56b4e9", "#d55e00", "#009e73", "#cc79a7", "#f0e442", "#0072b2")
GOLDEN = 0.618034


def tint(index: int) -> str:
    """The tint of a layer or distortion by its number, from 0, as #rrggbb; never changes."""
    if index < len(SEVEN):
        return SEVEN[index]
    red, green, blue = hsv_to_rgb(index * GOLDEN % 1, 0.6, 0.95)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def tints(layers: Sequence[Layer]) -> dict[str, str]:
    """The tint of every distortion of a palette, in the palette's order."""
    names = dict.fromkeys(layer.distortion for layer in layers)
    return {name: tint(index) for index, name in enumerate(names)}

"""The colours of a map, and of which share of the input each is."""

SHARES = (0.05, 0.1, 0.2, 0.4)
"""Shares of the input, greatest of its map first, that have a colour each; the rest has none."""
RGB = tuple[int, int, int]
GLOW: tuple[RGB, ...] = ((246, 215, 70), (243, 120, 25), (206, 67, 71), (147, 38, 103))
"""On a dim picture: matplotlib's inferno (CC0) at 0.9, 0.7, 0.55 and 0.4, whose lightness falls evenly."""
SHADE: tuple[RGB, ...] = ((87, 180, 198), (139, 203, 214), (186, 224, 229), (220, 239, 240))
"""On ECG paper, under a dark trace."""


def legend(axes: tuple[str, ...]) -> list[tuple[str, str]]:
    """The colours of a map as #rrggbb, and of which share each is."""
    colours = SHADE if "time" in axes else GLOW
    steps = zip(colours, (0.0, *SHARES), SHARES, strict=False)
    return [
        (
            "#{:02x}{:02x}{:02x}".format(*colour),
            f"{'top ' if not low else f'{100 * low:.0f} to '}{100 * high:.0f} %",
        )
        for colour, low, high in steps
    ]

"""Cut the photos of the built-in clips out of those in scikit-image, and write them and their card.

    python training/scenes.py            # a second; needs scikit-image 0.26.0, which the extra peers brings

Only photos that their authors gave to the public domain, or that are in it as works of NASA, and of them
those with enough texture for motion to be seen everywhere. The astronaut is cropped so that no face shows.
"""

import json
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from brittle.data.camera import FOLDER, PHOTO_SIDE, SCENES

QUALITY = 90
CC0 = "CC0-1.0"
NASA = "public domain: a work of NASA"
CROPS: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "astronaut": ("astronaut.png", (192, 192, 512, 512)),
    "brick": ("brick.png", (0, 0, 512, 512)),
    "chelsea": ("chelsea.png", (50, 0, 350, 300)),
    "coffee": ("coffee.png", (110, 0, 510, 400)),
    "gravel": ("gravel.png", (0, 0, 512, 512)),
    "hubble_deep_field": ("hubble_deep_field.jpg", (64, 0, 936, 872)),
}
"""File of each scene in skimage/data, and its left, upper, right and lower edge there, in pixels."""
ORIGINS = {
    "astronaut": {
        "shows": "space suit and helmet of the astronaut Eileen Collins",
        "author": "NASA",
        "source": "https://flic.kr/p/r9qvLn",
        "licence": NASA,
        "stated": "No known copyright restrictions, released into the public domain.",
    },
    "brick": {
        "shows": "brick wall",
        "author": "CC0Textures",
        "source": "https://cc0textures.com/view.php?tex=Bricks25",
        "licence": CC0,
        "stated": "downloaded from CC0Textures and licensed under the Creative Commons CC0 License.",
    },
    "chelsea": {
        "shows": "Chelsea the cat",
        "author": "Stefan van der Walt",
        "source": "scikit-image",
        "licence": CC0,
        "stated": "No copyright restrictions.  CC0 by the photographer (Stefan van der Walt).",
    },
    "coffee": {
        "shows": "coffee cup",
        "author": "Rachel Michetti",
        "source": "scikit-image, courtesy of Pikolo Espresso Bar",
        "licence": CC0,
        "stated": "No copyright restrictions.  CC0 by the photographer (Rachel Michetti).",
    },
    "gravel": {
        "shows": "gravel",
        "author": "CC0Textures",
        "source": "https://cc0textures.com/view.php?tex=Gravel04",
        "licence": CC0,
        "stated": "downloaded from CC0Textures and licensed under the Creative Commons CC0 License.",
    },
    "hubble_deep_field": {
        "shows": "Hubble eXtreme Deep Field, galaxies",
        "author": "NASA",
        "source": "http://hubblesite.org/newscenter/archive/releases/2012/37/image/a/",
        "licence": NASA,
        "stated": "The image was captured by NASA and may be freely used in the public domain.",
    },
}
"""What the card says of each; stated: of its licence, in skimage/data/_fetchers.py, links left out."""


def cut(name: str, photos: Path) -> dict[str, object]:
    """Write one scene, and say where it comes from and what it became."""
    file, box = CROPS[name]
    out = FOLDER / f"{name}.jpg"
    with Image.open(photos / file) as photo:
        scene = photo.crop(box).resize((PHOTO_SIDE, PHOTO_SIDE), Image.Resampling.LANCZOS)
    scene.save(out, quality=QUALITY)
    return {
        **ORIGINS[name],
        "file": f"skimage/data/{file}",
        "file_sha256": digest(photos / file),
        "crop": box,
        "sha256": digest(out),
    }


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    return sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Cut every scene and write the card beside them."""
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise SystemExit("expected scikit-image to be installed; pip install scikit-image==0.26.0")
    photos = Path(found.origin).with_name("data")
    FOLDER.mkdir(exist_ok=True)
    card = {
        "data": "Photos over which the built-in clips are filmed; none was used in training.",
        "from": f"scikit-image {version('scikit-image')}; its skimage/data/_fetchers.py states the licences",
        "made": f"crop [left, upper, right, lower], {PHOTO_SIDE} x {PHOTO_SIDE} (Lanczos), JPEG {QUALITY}",
        "versions": {"pillow": version("pillow")},
        "command": "python training/scenes.py",
        "scenes": {f"{name}.jpg": cut(name, photos) for name in SCENES},
    }
    (FOLDER / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

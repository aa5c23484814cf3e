"""Synthetic groups: the faces of the sample pictures at many sizes, blurred and turned, with ground truth.

They stand in for photos with annotations, which are not in this project: what finds more of these faces finds more of
those, though the figures differ.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.truth import Box
from humanrt import read_picture
from humanrt.imaging import write_png
from parity.pictures import PICTURES

Image: TypeAlias = NDArray[np.uint8]

# The faces of the sample pictures: x, y, width, height, as OpenCV's FaceDetectorYN returns them.
FACES: dict[str, Box] = {
    "human_face": (46.0, 7.3, 166.4, 222.8),
    "astronaut": (178.2, 62.9, 89.9, 113.3),
    "human_body": (541.4, 36.6, 96.0, 127.0),
}
# Two of the pictures are of one person.
IDENTITIES = {"human_face": "woman", "astronaut": "astronaut", "human_body": "woman"}
LEAST_KNOWN = 64  # the height in pixels from which on a face has an identity
WIDTH, HEIGHT = 960, 1440
A_ROW = 8  # at most
SURROUNDINGS = 0.35  # of a face, in its heights, at each side
GAP = 12
# Heights of faces in pixels, row by row.
ROWS = (300, 160, 96, 64, 48, 32, 24, 20, 16)


class Placed(NamedTuple):
    """A face in a picture: its box, and whose it is."""

    box: Box
    identity: str


def write_groups(folder: Path) -> Path:
    """Write the pictures and their ground truth to a folder; return the path of the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    images: dict[str, object] = {}
    for name, image, faces in _pictures():
        write_png(folder / name, image)
        images[name] = {
            "faces": [{"box": [round(value, 1) for value in face.box], "identity": face.identity} for face in faces]
        }
    path = folder / "truth.json"
    path.write_text(json.dumps({"images": images}, indent=1) + "\n", encoding="utf-8")
    return path


def _pictures() -> Iterator[tuple[str, Image, Sequence[Placed]]]:
    numbers = np.random.default_rng(14)
    for kind, blur, angle in (("sharp", 0.0, 0.0), ("blurred", 0.03, 0.0), ("turned", 0.0, 20.0)):
        yield f"{kind}.png", *_group(numbers, blur, angle)
    for name in FACES:
        yield f"close-up-{name}.png", *_close_up(name)
    for i, image in enumerate(_faceless(numbers)):
        yield f"faceless-{i}.png", image, []


def _group(numbers: np.random.Generator, blur: float, angle: float) -> tuple[Image, list[Placed]]:
    """Return rows of faces: ``blur`` in heights of a face, and turned by up to ``angle`` degrees."""
    canvas = _blurred(numbers.integers(60, 200, (HEIGHT, WIDTH, 3), np.uint8), 3)
    faces: list[Placed] = []
    names = list(FACES)
    top = GAP
    for height in ROWS:
        left = GAP
        for i in range(A_ROW):
            name = names[i % len(names)]
            patch, inner = _patch(name, height, blur * height, float(numbers.uniform(-angle, angle)))
            patch_height, patch_width = patch.shape[:2]
            if left + patch_width > WIDTH or top + patch_height > HEIGHT:
                break
            canvas[top : top + patch_height, left : left + patch_width] = patch
            identity = IDENTITIES[name] if height >= LEAST_KNOWN else ""
            faces.append(Placed((left + inner[0], top + inner[1], inner[2], inner[3]), identity))
            left += patch_width + GAP
        top += round(height * (1 + 2 * SURROUNDINGS)) + GAP
    return canvas, faces


def _patch(name: str, height: float, blur: float, angle: float) -> tuple[Image, Box]:
    """Return a face with its surroundings, ``height`` pixels high, and its box in them."""
    x, y, face_width, face_height = FACES[name]
    scale = height / face_height
    margin = height * SURROUNDINGS
    width = face_width * scale
    affine = cv2.getRotationMatrix2D((x + face_width / 2, y + face_height / 2), angle, scale)
    affine[0, 2] += margin + width / 2 - x - face_width / 2
    affine[1, 2] += margin + height / 2 - y - face_height / 2
    source = read_picture(PICTURES / f"{name}.png")
    # A picture that is scaled down without this has patterns that cameras do not make.
    if scale < 1:
        source = _blurred(source, 0.4 / scale)
    size = round(width + 2 * margin), round(height + 2 * margin)
    warped = cv2.warpAffine(source, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    patch = warped.astype(np.uint8)
    return _blurred(patch, blur) if blur else patch, (margin, margin, width, height)


def _close_up(name: str) -> tuple[Image, list[Placed]]:
    """Return a face that fills the picture."""
    patch, (x, y, width, height) = _patch(name, 640, 0.0, 0.0)
    trim = round(640 * SURROUNDINGS * 0.9)
    return np.ascontiguousarray(patch[trim:-trim, trim:-trim]), [
        Placed((x - trim, y - trim, width, height), IDENTITIES[name])
    ]


def _faceless(numbers: np.random.Generator) -> Iterator[Image]:
    """Yield a photo without a face, and textures at several scales."""
    yield read_picture(PICTURES / "coffee.png")
    for sigma in (1.0, 4.0, 12.0):
        noise = _blurred(numbers.integers(0, 256, (480, 640, 3), np.uint8), sigma)
        yield cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]


def _blurred(image: Image, sigma: float) -> Image:
    return cv2.GaussianBlur(image, (0, 0), sigma).astype(np.uint8, copy=False)

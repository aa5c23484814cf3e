"""Results to the bodies of answers. These block for milliseconds: they are called on worker threads."""

import base64
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import InputError
from humanrt.imaging import read_picture
from humanrt.imaging.encode import encode
from humanrt.result import Box, Result, Segmentation
from humanrt.serve.indexed import write_indexed_png
from humanrt.tensors import values_of

PERSON = "person"
MOST_INSTANCES = 255


def human_json(result: Result) -> bytes:
    """Return Human's JSON, and in addition the segmentation, if there is one."""
    document = result.to_human()
    if result.segmentation is not None:
        document["segmentation"] = _segments(result)
    return _json(document)


def slim_json(result: Result) -> bytes:
    """Return the slim form, with the segmentation as in ``segmentation_json()``, if there is one."""
    document = result.to_dict(without="segmentation")
    document["errors"] = {module: type(error).__name__ for module, error in result.errors.items()}
    if result.segmentation is not None:
        document["segmentation"] = _segments(result)
    return _json(document)


def drawing(picture: bytes, result: Result, max_pixels: int) -> bytes:
    """Return the picture as PNG, with the result drawn on it."""
    from humanrt.drawing.result import draw_result  # imports all modules

    pixels = read_picture(picture, max_pixels=max_pixels)
    return encode(draw_result(pixels, result, in_place=True), ".png")


def segmentation_json(result: Result) -> bytes:
    """Return the size, the legend and the pictures of a segmentation. Raises ``InputError`` if there is none."""
    return _json({"width": result.width, "height": result.height, **_segments(result)})


def segmentation_png(result: Result) -> bytes:
    """Return the indexed PNG of a segmentation. Raises ``InputError`` if there is none."""
    segmentation = _segmentation(result)
    return write_indexed_png(values_of(segmentation.labels), _colors(segmentation))


def instances(result: Result) -> NDArray[np.uint8]:
    """Return the instance of each pixel, uint8 [h, w]: 1 + the index of its person in the boxes of ``people()``.

    Each pixel of a segment belongs to the person in whose box it lies, and in several boxes to that whose centre is
    nearest in units of the box. 0 is the background, and what lies in no box.
    """
    labels = values_of(_segmentation(result).labels)
    found = np.zeros(labels.shape, np.uint8)
    nearest = np.full(labels.shape, np.inf, np.float32)
    for number, (x, y, width, height) in enumerate(people(result)[:MOST_INSTANCES], 1):
        left, top = max(0, int(x)), max(0, int(y))
        right, bottom = min(labels.shape[1], int(np.ceil(x + width))), min(labels.shape[0], int(np.ceil(y + height)))
        if left >= right or top >= bottom:
            continue
        across = np.abs((np.arange(left, right, dtype=np.float32) + 0.5 - x) / width - 0.5)
        down = np.abs((np.arange(top, bottom, dtype=np.float32) + 0.5 - y) / height - 0.5)
        distance = np.maximum(across[None, :], down[:, None])
        window = slice(top, bottom), slice(left, right)
        closer = (distance < nearest[window]) & (labels[window] > 0)
        found[window][closer] = number
        nearest[window][closer] = distance[closer]
    return found


def people(result: Result) -> list[Box]:
    """Return the boxes of people: of objects that are persons, else of bodies, else of persons."""
    boxes = [thing.box for thing in result.object if thing.label == PERSON]
    boxes = boxes or [body.box for body in result.body if body.keypoints]
    return boxes or [person.box for person in result.persons]


def _segments(result: Result) -> dict[str, Any]:
    segmentation = _segmentation(result)
    found = instances(result)
    areas = np.bincount(found.ravel(), minlength=1)
    boxes = people(result)[:MOST_INSTANCES]
    return {
        "legend": [
            {
                "label": segment.label,
                "name": segment.name,
                "color": list(segment.color),
                "area": segment.area,
                "score": round(segment.score, 3),
            }
            for segment in segmentation.legend
        ],
        "png": _base64(segmentation_png(result)),
        "instances": [
            {
                "instance": number,
                "box": [round(value, 1) for value in box],
                "color": list(_hue(number)),
                "area": int(areas[number]) if number < len(areas) else 0,
            }
            for number, box in enumerate(boxes, 1)
        ],
        "instances_png": _base64(write_indexed_png(found, {n: _hue(n) for n in range(1, len(boxes) + 1)})),
    }


def _segmentation(result: Result) -> Segmentation:
    if result.segmentation is None:
        error = result.errors.get("segmentation")
        raise error or InputError("there is no segmentation: the module is off")
    return result.segmentation


def _colors(segmentation: Segmentation) -> dict[int, tuple[int, int, int]]:
    return {segment.label: segment.color for segment in segmentation.legend}


def _hue(number: int) -> tuple[int, int, int]:
    """Return a colour for an instance; neighbours in number differ much."""
    angle = number * 0.618 % 1 * 2 * np.pi
    red, green, blue = (round(140 + 90 * float(np.cos(angle - turn))) for turn in (0.0, 2.1, 4.2))
    return red, green, blue


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()

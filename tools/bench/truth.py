"""Ground truth: the faces of pictures, and pairs of faces that are of one person or of two.

Two formats are read. JSON, a file ``truth.json``::

    {"images": {"a.jpg": {"faces": [{"box": [x, y, width, height], "identity": "anna", "ignore": false}]}},
     "pairs": [["a.jpg", "b.jpg", true]]}

``identity`` and ``ignore`` may be left out. A pair names two pictures, whose largest faces are compared; without
``pairs``, every two faces with an identity are one. And the text of WIDER FACE: the name of a picture, the number of
its faces, and a line of ten numbers for each: x, y, width, height, blur, expression, illumination, invalid, occlusion,
pose.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]

INVALID = 7  # the number in a line of WIDER that is 1 for a face that is not counted
NUMBERS_OF_A_FACE = 10


class TruthError(Exception):
    """Ground truth that cannot be read: the file, and what is wrong."""


@dataclass(frozen=True)
class TrueFace:
    """A face: its box in pixels; one that is to be ignored is neither missed nor falsely found."""

    box: Box
    ignored: bool = False
    identity: str = ""


@dataclass(frozen=True)
class Pair:
    """Two faces, each a picture and the index of a face in it, and whether they are of one person."""

    one: tuple[str, int]
    other: tuple[str, int]
    same: bool


@dataclass(frozen=True)
class Truth:
    """The faces of each picture, by its path relative to the folder, and the pairs."""

    faces: Mapping[str, Sequence[TrueFace]]
    pairs: Sequence[Pair] = ()


def read_truth(path: Path) -> Truth:
    """Read ground truth: JSON if the file ends with ``.json``, else the text of WIDER FACE. Raises ``TruthError``."""
    try:
        text = path.read_text(encoding="utf-8")
        return _from_json(json.loads(text)) if path.suffix == ".json" else Truth(dict(_wider(text.split("\n"))))
    except OSError as error:
        raise TruthError(f"{path} cannot be read: {error.strerror}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise TruthError(
            f"{path} is not ground truth ({error!r}); python -c 'help(\"bench.truth\")' has the format"
        ) from error


def _from_json(document: Mapping[str, object]) -> Truth:
    images: Mapping[str, Mapping[str, Sequence[Mapping[str, object]]]] = document["images"]  # type: ignore[assignment]
    faces = {name: [_face(face) for face in image.get("faces", ())] for name, image in images.items()}
    rows: Sequence[tuple[str, str, bool]] | None = document.get("pairs")  # type: ignore[assignment]
    if rows is None:
        return Truth(faces, list(_pairs_of_identities(faces)))
    return Truth(faces, [Pair(_largest(one, faces), _largest(other, faces), bool(same)) for one, other, same in rows])


def _face(face: Mapping[str, object]) -> TrueFace:
    x, y, width, height = map(float, face["box"])  # type: ignore[call-overload]
    return TrueFace((x, y, width, height), bool(face.get("ignore")), str(face.get("identity") or ""))


def _largest(name: str, faces: Mapping[str, Sequence[TrueFace]]) -> tuple[str, int]:
    areas = [face.box[2] * face.box[3] for face in faces[name]]
    return name, areas.index(max(areas))


def _pairs_of_identities(faces: Mapping[str, Sequence[TrueFace]]) -> Iterator[Pair]:
    known = [((name, i), face.identity) for name, all_ in faces.items() for i, face in enumerate(all_) if face.identity]
    for (one, first), (other, second) in combinations(known, 2):
        yield Pair(one, other, first == second)


def _wider(lines: Sequence[str]) -> Iterator[tuple[str, Sequence[TrueFace]]]:
    rest = iter(line.strip() for line in lines if line.strip())
    for name in rest:
        count = int(next(rest))
        # A picture without faces has one line of zeros.
        rows = [[float(number) for number in next(rest).split()] for _ in range(max(count, 1))]
        if any(len(row) != NUMBERS_OF_A_FACE for row in rows):
            raise ValueError(f"{name}: a face has {NUMBERS_OF_A_FACE} numbers")
        yield name, [TrueFace((row[0], row[1], row[2], row[3]), row[INVALID] == 1) for row in rows[:count]]

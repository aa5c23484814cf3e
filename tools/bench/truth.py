"""Ground truth: the faces, bodies and hands of pictures, and pairs of faces that are of one person or of two.

Three formats are read. JSON, a file ``truth.json``::

    {"images": {"a.jpg": {"faces": [{"box": [x, y, width, height], "identity": "anna", "ignore": false,
                                     "landmarks": [[x, y], ...]}],
                          "bodies": [{"box": [x, y, width, height], "points": [[x, y], null, ...]}],
                          "hands": [{"box": [x, y, width, height], "points": [[x, y], ...]}]}},
     "pairs": [["a.jpg", "b.jpg", true]]}

All but the box may be left out: a picture is scored for the kinds that it has, also for an empty list; a body or a hand
without points is compared by its box. Landmarks are five, the eyes, the nose and the corners of the mouth, left in the
picture first, or the 68 of iBUG. Bodies have the 17 points of COCO, hands the 21 of MediaPipe, null where one is not
known. A pair names two pictures, whose largest faces are compared; without ``pairs``, every two faces with an identity
are one.

The JSON of COCO, and of COCO-WholeBody: ``keypoints`` are those of a body, ``face_box`` and ``face_kpts`` a face,
``lefthand_kpts`` and ``righthand_kpts`` hands; ``iscrowd`` is ignored. And the text of WIDER FACE: the name of a
picture, the number of its faces, and a line of ten numbers for each: x, y, width, height, blur, expression,
illumination, invalid, occlusion, pose.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import nan
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[float, float, float, float]

LANDMARKS = 5, 68
POINTS = 17, 21
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
    landmarks: NDArray[np.float64] | None = field(default=None, compare=False)
    """[5 or 68, 2] in pixels."""


@dataclass(frozen=True)
class TruePose:
    """A body or a hand: its points, [n, 2] in pixels, NaN where one is not known, and its area in square pixels.

    One without points, [0, 2], is compared by its box.
    """

    points: NDArray[np.float64] = field(compare=False)
    area: float
    ignored: bool = False
    box: Box = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Pair:
    """Two faces, each a picture and the index of a face in it, and whether they are of one person."""

    one: tuple[str, int]
    other: tuple[str, int]
    same: bool


@dataclass(frozen=True)
class Truth:
    """The faces of each picture, by its path relative to the folder, the pairs, and its bodies and hands.

    A picture is scored for the kinds that it is in; it may have none of them.
    """

    faces: Mapping[str, Sequence[TrueFace]]
    pairs: Sequence[Pair] = ()
    bodies: Mapping[str, Sequence[TruePose]] = field(default_factory=dict)
    hands: Mapping[str, Sequence[TruePose]] = field(default_factory=dict)

    def identity(self, place: tuple[str, int]) -> str:
        """Return the identity of the face of a picture with an index; empty if it has none."""
        name, i = place
        return self.faces[name][i].identity


def read_truth(path: Path) -> Truth:
    """Read ground truth: JSON if the file ends with ``.json``, else the text of WIDER FACE. Raises ``TruthError``."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".json":
            return Truth(dict(_wider(text.split("\n"))))
        document = json.loads(text)
        return _from_coco(document) if "annotations" in document else _from_json(document)
    except OSError as error:
        raise TruthError(f"{path} cannot be read: {error.strerror}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise TruthError(
            f"{path} is not ground truth ({error!r}); python -c 'help(\"bench.truth\")' has the format"
        ) from error


def _from_json(document: Mapping[str, object]) -> Truth:
    images: Mapping[str, Mapping[str, Sequence[Mapping[str, object]]]] = document["images"]  # type: ignore[assignment]
    faces = {name: [_face(face) for face in image["faces"]] for name, image in images.items() if "faces" in image}
    rows: Sequence[tuple[str, str, bool]] | None = document.get("pairs")  # type: ignore[assignment]
    pairs = (
        list(_pairs_of_identities(faces))
        if rows is None
        else [Pair(_largest(one, faces), _largest(other, faces), bool(same)) for one, other, same in rows]
    )
    bodies, hands = (
        {name: [_pose(pose) for pose in image[kind]] for name, image in images.items() if kind in image}
        for kind in ("bodies", "hands")
    )
    return Truth(faces, pairs, bodies, hands)


def _face(face: Mapping[str, Any]) -> TrueFace:
    x, y, width, height = map(float, face["box"])
    landmarks = None if face.get("landmarks") is None else _points(face["landmarks"], LANDMARKS)
    return TrueFace((x, y, width, height), bool(face.get("ignore")), str(face.get("identity") or ""), landmarks)


def _pose(pose: Mapping[str, Any]) -> TruePose:
    box = _box(pose["box"])
    rows = [(nan, nan) if point is None else point for point in pose.get("points") or ()]
    points = _points(rows, POINTS) if rows else np.empty((0, 2))
    return TruePose(points, box[2] * box[3], bool(pose.get("ignore")), box)


def _points(rows: Sequence[Sequence[float]], accepted: Sequence[int]) -> NDArray[np.float64]:
    points = np.array(rows, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) not in accepted:
        raise ValueError(f"{len(points)} points; accepted are {' or '.join(map(str, accepted))}, each x and y")
    return points


def _from_coco(document: Mapping[str, Any]) -> Truth:
    names = {image["id"]: str(image["file_name"]) for image in document["images"]}
    categories = {category["id"]: category["name"] for category in document.get("categories", ())}
    faces: dict[str, list[TrueFace]] = {name: [] for name in names.values()}
    bodies: dict[str, list[TruePose]] = {}
    hands: dict[str, list[TruePose]] = {}
    for each in document["annotations"]:
        name, ignored = names[each["image_id"]], bool(each.get("iscrowd"))
        if categories.get(each.get("category_id")) == "face":
            faces[name].append(_face({"box": each["bbox"], "ignore": ignored}))
        if "keypoints" in each:
            points = _triples(each["keypoints"])
            area = float(each.get("area") or each["bbox"][2] * each["bbox"][3])
            bodies.setdefault(name, []).append(TruePose(points, area, ignored or bool(np.isnan(points).all())))
        if each.get("face_valid"):
            face = TrueFace(_box(each["face_box"]), ignored, landmarks=_triples(each["face_kpts"]))
            faces[name].append(face)
        for side in ("left", "right"):
            if each.get(f"{side}hand_valid"):
                _, _, width, height = _box(each[f"{side}hand_box"])
                hand = TruePose(_triples(each[f"{side}hand_kpts"]), width * height, ignored)
                hands.setdefault(name, []).append(hand)
    # All pictures are annotated for the kinds that one has.
    bodies, hands = ({name: found.get(name, []) for name in faces} if found else {} for found in (bodies, hands))
    return Truth(faces, (), bodies, hands)


def _box(box: Sequence[float]) -> Box:
    x, y, width, height = map(float, box)
    return x, y, width, height


def _triples(numbers: Sequence[float]) -> NDArray[np.float64]:
    """Return points, [n, 2], of x, y and a flag each, which is 0 for those that are not known: NaN."""
    rows = np.array(numbers, np.float64).reshape(-1, 3)
    points = rows[:, :2].copy()
    points[rows[:, 2] <= 0] = nan
    return points


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

"""Faces in a video: the detector is skipped while the mesh follows them, and their descriptions are reused.

Source: Human's src/face/facemesh.ts, and the ``predict()`` of the models that describe faces. In Human these take the
description of a face by its place in the list, and count every face as a frame, so that of several faces all but the
first keep their first description. Here a description stays with the box of its face, and frames are counted.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from humanrt.config import FaceConfig
from humanrt.result import Box, Face
from humanrt.streams.caching import Cached, Limits, load_cached
from humanrt.streams.geometry import overlap
from humanrt.streams.session import SessionFrame
from humanrt.vision.caching import kind_of
from humanrt.vision.call import Call
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.describer import Description

Describe: TypeAlias = Callable[[], Awaitable[list[Description]]]

DETECTOR = "face.detector"
# The least overlap (intersection over union) of a face's box with that of the frame before.
SAME_FACE = 0.3


class Described(NamedTuple):
    """The faces of the last frame, and what a model has returned for each."""

    boxes: Sequence[Box]
    descriptions: Sequence[Description]


class FaceCache:
    """The faces of a session, as one frame of it reads and stores them."""

    def __init__(self, call: Call, frame: SessionFrame) -> None:
        self._call = call
        self._frame = frame
        config = call.config.face
        self._kind = (kind_of(call, DETECTOR, config.detector), config.mesh, config.attention)
        self._cached: Cached[Sequence[FaceBox]] | None = None

    def followed(self) -> list[FaceBox]:
        """Return the boxes that the meshes of the frame before have moved to; none if the detector must run."""
        cached = load_cached(self._frame, DETECTOR, self._kind)
        if cached is not None and cached.value and cached.is_fresh(self._call.config.face.detector, self._frame):
            self._cached = cached
            return [*cached.value]
        self.follow((), ())
        return []

    def follow(self, boxes: Sequence[FaceBox], records: Sequence[Face | None]) -> None:
        """Store the boxes of faces with a mesh, moved to it, for the next frame; a record is None if its face has none.

        Boxes keep their extent until the detector runs again.
        """
        moved = [
            box.centered_on(face.mesh.astype(np.float64))
            for box, face in zip(boxes, records, strict=True)
            if face is not None
        ]
        if self._cached is None:
            self._frame.save(DETECTOR, Cached(self._kind, moved, 0, self._frame.time))
        else:
            self._frame.save(DETECTOR, self._cached.reused(moved))

    async def describe(self, key: str, faces: Sequence[Face], describe: Describe) -> list[Description]:
        """Return the descriptions of earlier frames, or those of ``describe``, which runs the model of ``key``."""
        limits = _limits(self._call.config.face, key)
        kind = kind_of(self._call, key, limits)
        boxes = [face.box for face in faces]
        cached: Cached[Described] | None = load_cached(self._frame, key, kind)
        if cached is not None and cached.is_fresh(limits, self._frame):
            places = same_boxes(boxes, cached.value.boxes)
            if places is not None:
                found = [cached.value.descriptions[place] for place in places]
                if all(description.is_complete for description in found):
                    self._frame.save(key, cached.reused(Described(boxes, found)))
                    return found
        found = await describe()
        self._frame.save(key, Cached(kind, Described(boxes, found), 0, self._frame.time))
        return found


def _limits(config: FaceConfig, key: str) -> Limits:
    """Return the section of a describer: both models of ``face.ssrnet`` have the same."""
    section: Limits = getattr(config, key.split(".")[1])
    return section


def same_boxes(boxes: Sequence[Box], before: Sequence[Box]) -> Sequence[int] | None:
    """Return for each box the place of the one that it overlaps most; None if two have one, or the numbers differ."""
    if len(boxes) != len(before):
        return None
    overlaps = overlap(boxes, before)
    places: list[int] = overlaps.argmax(axis=1).tolist()
    if len({*places}) < len(places) or (overlaps.max(axis=1) < SAME_FACE).any():
        return None
    return places

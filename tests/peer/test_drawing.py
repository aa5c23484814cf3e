"""The triangulation and the options of drawing are those of Human's source, which the peer has installed."""

import re
from dataclasses import fields
from itertools import pairwise

import numpy as np

from humanrt import DrawOptions
from humanrt.drawing import mesh
from parity.install import ROOM

SOURCE = ROOM / "node_modules/@vladmandic/human/src"


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def test_the_triangulation_and_the_contours_are_humans(peer):
    source = (SOURCE / "face/facemeshcoords.ts").read_text(encoding="utf-8")
    triangles = re.search(r"TRI468: number\[\] = \[(.*?)\];", source, re.DOTALL)[1]
    assert np.array_equal(mesh.triangles().ravel(), numbers(triangles))

    theirs = {}
    for name, pairs in re.findall(r"pairs(\w+): PairArray = (\[.*?\]);\n", source, re.DOTALL):
        ends = numbers(pairs)
        theirs[name] = {frozenset(pair) for pair in zip(ends[::2], ends[1::2], strict=True)}
    names = {"FaceContour": ("face",), "Lips": ("lipsOuter", "lipsInner"), "LeftEye": ("leftEye",)}
    names |= {"RightEye": ("rightEye",), "LeftEyebrow": ("leftBrowLower", "leftBrowUpper")}
    names["RightEyebrow"] = ("rightBrowLower", "rightBrowUpper")
    for name, paths in names.items():
        contours = [mesh.CONTOURS[path] for path in paths]
        assert {frozenset(pair) for path in contours for pair in pairwise(path)} == theirs[name]


def test_the_options_are_humans(peer):
    source = (SOURCE / "draw/options.ts").read_text(encoding="utf-8")
    theirs = re.findall(r"^  (\w+): .*? as \w+,", source, re.MULTILINE)
    assert len(theirs) == 26
    words = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name) for name in theirs}
    assert words == {field.name for field in fields(DrawOptions)}

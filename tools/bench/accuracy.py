"""How well each preset finds faces, and tells them apart, in a folder of pictures with ground truth.

``bench.truth`` describes the formats of ground truth: ``truth.json`` in the folder, or a file of WIDER FACE.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.groups import write_groups
from bench.scoring import Detected, Picture, Sizes, accuracy, overlap, roc, score
from bench.truth import Truth, TruthError, read_truth
from humanrt import Config, Human, OperatingPoint, match
from humanrt.config.presets import PRESETS
from humanrt.errors import HumanRTError
from humanrt.matching import OPERATING_POINTS
from humanrt.vision.modules import needed_models
from humanrt.zoo import find_card

SIZES = (Sizes("all", 0), Sizes("16 to 31 px", 16, 32), Sizes("32 to 95 px", 32, 96), Sizes("96 px and more", 96))
FALSE_ACCEPTS = (0.01, 0.001)
# What is not measured costs no time.
FACES_ALONE: Mapping[str, object] = {
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
    "face": {"emotion": {"enabled": False}},
}
NO_EMBEDDINGS: Mapping[str, object] = {"face": {"description": {"enabled": False}, "embedding": {"enabled": False}}}
EMBEDDERS = ("face.embedding", "face.insightface", "face.mobilefacenet", "face.description")


@dataclass(frozen=True)
class Measured:
    """The detections of a preset in all pictures, the embedding of each true face, and the CPU time of a picture."""

    config: Config
    pictures: Sequence[Picture]
    embeddings: Mapping[tuple[str, int], NDArray[np.float32]]
    milliseconds: float


async def measure(folder: Path, truth: Truth, config: Config) -> Measured:
    """Detect the faces of all pictures with a configuration."""
    pictures: list[Picture] = []
    embeddings: dict[tuple[str, int], NDArray[np.float32]] = {}
    async with Human(config) as human:
        await human.load()
        start = time.process_time()
        for name, faces in truth.faces.items():
            with await human.detect(folder / name) as result:
                pictures.append((faces, [Detected(face.score, face.box) for face in result.face]))
                for i, true_face in enumerate(faces):
                    found = max(result.face, key=lambda face: overlap(face.box, true_face.box), default=None)
                    if found is not None and found.embedding is not None and overlap(found.box, true_face.box) > 0:
                        embeddings[name, i] = found.embedding
        spent = 1000 * (time.process_time() - start) / max(1, len(truth.faces))
    return Measured(config, pictures, embeddings, spent)


def detection_rows(name: str, measured: Measured) -> list[str]:
    """Return the rows of a preset: one for each size of faces."""
    rows = []
    for sizes in SIZES:
        of_size = score(measured.pictures, sizes)
        figures = f"{of_size.recall:.3f} | {of_size.precision:.3f} | {of_size.average_precision:.3f} | {of_size.false}"
        rows.append(f"| {name} | {sizes.name} | {of_size.faces} | {figures} | {measured.milliseconds:.0f} |")
    return rows


def verification_row(name: str, truth: Truth, measured: Measured) -> str:
    """Return the row of a preset: the ROC of the pairs of faces that have an embedding both."""
    known = [pair for pair in truth.pairs if {pair.one, pair.other} <= measured.embeddings.keys()]
    similarities = [cosine(measured.embeddings[pair.one], measured.embeddings[pair.other]) for pair in known]
    same = [pair.same for pair in known]
    try:
        curve = roc(similarities, same)
    except ValueError as error:
        return f"| {name} | {len(known)} of {len(truth.pairs)} | {error} | | | |"
    points = [f"{accepted:.3f} at {threshold:.3f}" for threshold, accepted in map(curve.at, FALSE_ACCEPTS)]
    right = "-"
    if point := operating_point(measured.config):
        matches = [likeness(point, measured.embeddings[pair.one], measured.embeddings[pair.other]) for pair in known]
        right = f"{accuracy(matches, same, point.similarity):.4f} at {point.similarity:g}"
    return f"| {name} | {len(known)} of {len(truth.pairs)} | {curve.area:.4f} | {right} | {' | '.join(points)} |"


def operating_point(config: Config) -> OperatingPoint | None:
    """Return the operating point of the embedder whose embedding a face has, None if it has none."""
    models = needed_models(config)
    embedder = next((find_card(models[key]) for key in EMBEDDERS if key in models), None)
    return OPERATING_POINTS.get(embedder.name) if embedder else None


def likeness(point: OperatingPoint, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the similarity of two embeddings by the options of an operating point."""
    if point.normalize:
        one, other = match.normalize(one), match.normalize(other)
    return match.similarity(one, other, **point.options)


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of the angle between two embeddings."""
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))


async def report(folder: Path, truth: Truth, presets: Sequence[str]) -> str:
    """Return the tables of all presets, in Markdown."""
    finding = ["| preset | faces | count | recall | precision | AP | false | CPU, ms a picture |"]
    finding.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    comparing = [
        "| preset | pairs | area under ROC | right at the operating point | accepted at FAR 1 % | at FAR 0.1 % |"
    ]
    comparing.append("| --- | --- | --- | --- | --- | --- |")
    for name in presets:
        config = Config.preset(name).merge(FACES_ALONE)
        measured = await measure(folder, truth, config if truth.pairs else config.merge(NO_EMBEDDINGS))
        finding += detection_rows(name, measured)
        if truth.pairs:
            comparing.append(verification_row(name, truth, measured))
    return "\n".join([*finding, *(["", *comparing] if truth.pairs else [])])


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="tools/bench/accuracy", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the pictures, with truth.json")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="ground truth elsewhere: JSON, or WIDER's text")
    parser.add_argument("--presets", default=",".join(PRESETS), help="names with commas between; by default all")
    parser.add_argument("--synthetic", action="store_true", help="write groups of the sample faces to FOLDER first")
    options = parser.parse_args()
    try:
        path = write_groups(options.folder) if options.synthetic else options.truth or options.folder / "truth.json"
        print(asyncio.run(report(options.folder, read_truth(path), options.presets.split(","))))
    except (TruthError, HumanRTError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

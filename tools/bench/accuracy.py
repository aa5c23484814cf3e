"""How well each preset finds faces, bodies and hands, and compares faces, in pictures with ground truth.

``bench.truth`` describes the formats of ground truth: ``truth.json`` in the folder, or a file of COCO or WIDER FACE.
"""

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.calibration import calibrate, held_out, operating_point_of
from bench.groups import write_groups
from bench.keypoints import (
    BODY,
    HAND,
    DetectedPose,
    landmark_error,
    points_of_body,
    points_of_hand,
    score_poses,
)
from bench.plots import Curve, write_plot
from bench.scoring import (
    LEAST_OVERLAP,
    Detected,
    Picture,
    Score,
    Sizes,
    accuracy,
    overlap,
    precision_recall,
    roc,
    score,
)
from bench.truth import Pair, TruePose, Truth, TruthError, read_truth
from humanrt import Config, Human, OperatingPoint, match
from humanrt.config import load_config, split_paths
from humanrt.config.presets import PRESETS
from humanrt.errors import HumanRTError
from humanrt.matching import point_of
from humanrt.vision.modules import needed_models
from humanrt.zoo import Card, cards, find_card

SIZES = (Sizes("all", 0), Sizes("16 to 31 px", 16, 32), Sizes("32 to 95 px", 32, 96), Sizes("96 px and more", 96))
FALSE_ACCEPTS = (0.01, 0.001)
# What is not measured costs no time.
FACES_ALONE: Mapping[str, object] = {
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
    "face": {"emotion": {"enabled": False}, "quality": {"enabled": False}},
}
QUALITY: Mapping[str, object] = {"face": {"quality": {"enabled": True}}}
NO_EMBEDDINGS: Mapping[str, object] = {"face": {"description": {"enabled": False}, "embedding": {"enabled": False}}}
HEADERS = (
    "| preset | faces | count | recall | precision | AP | false | CPU, ms a picture |",
    "| preset | pairs | area under ROC | right at the operating point | accepted at FAR 1 % | at FAR 0.1 % |",
    "| preset | faces with landmarks | error over the distance of the eyes |",
    "| preset | poses | count | found | false | AP |",
    "| preset | faces left out | pairs of one person, of two | area under ROC | accepted of one, of two |",
    "| preset | embedder | pairs | threshold | cosine | false accepts | true accepts | held out | operating point |",
)
LEFT_OUT = (0.0, 0.1, 0.2, 0.3)  # of the faces, those of the worst quality
EMBEDDERS = ("face.embedding", "face.insightface", "face.mobilefacenet", "face.description")


@dataclass(frozen=True)
class Measured:
    """The detections of a preset in all pictures, embeddings of true faces, CPU time of a picture, and errors.

    The errors are those of the landmarks of each face that has some, over the distance between the eyes. Qualities are
    the scores of ``Face.quality`` of the true faces that have an embedding.
    """

    config: Config
    pictures: Sequence[Picture]
    embeddings: Mapping[tuple[str, int], NDArray[np.float32]]
    milliseconds: float
    landmark_errors: Sequence[float] = ()
    qualities: Mapping[tuple[str, int], float] = field(default_factory=dict)


async def measure(folder: Path, truth: Truth, config: Config) -> Measured:
    """Detect the faces of all pictures with a configuration."""
    pictures: list[Picture] = []
    embeddings: dict[tuple[str, int], NDArray[np.float32]] = {}
    errors: list[float] = []
    qualities: dict[tuple[str, int], float] = {}
    async with Human(config) as human:
        await human.load()
        start = time.process_time()
        for name, faces in truth.faces.items():
            with await human.detect(folder / name) as result:
                pictures.append((faces, [Detected(face.score, face.box) for face in result.face]))
                for i, true_face in enumerate(faces):
                    found = max(result.face, key=lambda face: overlap(face.box, true_face.box), default=None)
                    if found is None or overlap(found.box, true_face.box) < LEAST_OVERLAP:
                        continue
                    if found.embedding is not None:
                        embeddings[name, i] = found.embedding
                        if found.quality is not None:
                            qualities[name, i] = found.quality.score
                    if true_face.landmarks is not None:
                        error = landmark_error(true_face.landmarks, found.mesh.astype(np.float64))
                        errors += [] if error is None else [error]
        spent = 1000 * (time.process_time() - start) / max(1, len(truth.faces))
    return Measured(config, pictures, embeddings, spent, errors, qualities)


async def measure_poses(folder: Path, truth: Truth, config: Config) -> Mapping[str, Score]:
    """Detect the bodies and hands of the pictures that are marked; return the scores of each kind that is."""
    bodies: list[tuple[Sequence[TruePose], Sequence[DetectedPose]]] = []
    hands: list[tuple[Sequence[TruePose], Sequence[DetectedPose]]] = []
    async with Human(config.merge(NO_EMBEDDINGS)) as human:
        for name in {**truth.bodies, **truth.hands}:
            with await human.detect(folder / name) as result:
                if name in truth.bodies:
                    found = [DetectedPose(body.score, points_of_body(body)) for body in result.body]
                    bodies.append((truth.bodies[name], found))
                if name in truth.hands:
                    found = [DetectedPose(hand.score, points_of_hand(hand)) for hand in result.hand]
                    hands.append((truth.hands[name], found))
    marked = {"bodies": (bodies, BODY), "hands": (hands, HAND)}
    return {kind: score_poses(pictures, deviations) for kind, (pictures, deviations) in marked.items() if pictures}


def pose_rows(name: str, scores: Mapping[str, Score]) -> list[str]:
    """Return the rows of a preset: bodies and hands."""
    return [
        f"| {name} | {kind} | {each.faces} | {each.found} | {each.false} | {each.average_precision:.3f} |"
        for kind, each in scores.items()
    ]


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
    similarities, same = similarities_of(truth, measured)
    try:
        curve = roc(similarities, same)
    except ValueError as error:
        return f"| {name} | {len(same)} of {len(truth.pairs)} | {error} | | | |"
    points = [f"{accepted:.3f} at {threshold:.3f}" for threshold, accepted in map(curve.at, FALSE_ACCEPTS)]
    right = "-"
    if point := operating_point(measured.config):
        known = known_pairs(truth, measured)
        matches = [likeness(point, measured.embeddings[pair.one], measured.embeddings[pair.other]) for pair in known]
        right = f"{accuracy(matches, same, point.similarity):.4f} at {point.similarity:g}"
    return f"| {name} | {len(same)} of {len(truth.pairs)} | {curve.area:.4f} | {right} | {' | '.join(points)} |"


def similarities_of(truth: Truth, measured: Measured) -> tuple[list[float], list[bool]]:
    """Return the cosine of the embeddings of each pair that has both, and whether it is of one person."""
    known = known_pairs(truth, measured)
    cosines = [cosine(measured.embeddings[pair.one], measured.embeddings[pair.other]) for pair in known]
    return cosines, [pair.same for pair in known]


def known_pairs(truth: Truth, measured: Measured) -> list[Pair]:
    """Return the pairs of faces that have an embedding both."""
    return [pair for pair in truth.pairs if {pair.one, pair.other} <= measured.embeddings.keys()]


def calibration_rows(name: str, truth: Truth, measured: Measured) -> list[str]:
    """Return the rows of a preset: thresholds for its embedder, and the operating points that they are."""
    similarities, same = similarities_of(truth, measured)
    card = embedder_of(measured.config)
    if card is None or not similarities:
        return [f"| {name} | - | {len(same)} | no embeddings | | | | | |"]
    size = len(next(iter(measured.embeddings.values())))
    faces = [(pair.one, pair.other) for pair in known_pairs(truth, measured)]
    identities = [(truth.identity(one), truth.identity(other)) for one, other in faces]
    try:
        calibrated = calibrate(similarities, same, FALSE_ACCEPTS)
    except ValueError as error:
        return [f"| {name} | {card.name} | {len(same)} | {error} | | | | | |"]
    judged = held_out(similarities, identities, FALSE_ACCEPTS) if all(map(all, identities)) else {}
    others = {kind: f"{false:.4f}, {true:.4f}" for kind, (false, true) in judged.items()}
    return [
        f"| {name} | {card.name} | {len(same)} | {each.name} | {each.cosine:.4f} | {each.false_accepts:.4f} | "
        f"{each.true_accepts:.4f} | {others.get(each.name, '-')} | "
        f"`{operating_point_of(card.name, size, each, len(same))}` |"
        for each in calibrated
    ]


def quality_rows(name: str, truth: Truth, measured: Measured) -> list[str]:
    """Return the rows of a preset: its pairs without the faces of the worst quality, at its operating point."""
    point, scores = operating_point(measured.config), measured.qualities
    if point is None or not scores:
        return []
    rows = []
    for share in LEFT_OUT:
        limit = float(np.quantile(list(scores.values()), share))
        kept = {place: measured.embeddings[place] for place, quality in scores.items() if quality >= limit}
        left = replace(measured, embeddings=kept)
        similarities, same = similarities_of(truth, left)
        if all(same) or not any(same):
            continue
        accepted = [0, 0]
        for pair in known_pairs(truth, left):
            matches = likeness(point, kept[pair.one], kept[pair.other]) >= point.similarity
            accepted[pair.same] += matches
        ones, twos = sum(same), len(same) - sum(same)
        rows.append(
            f"| {name} | {100 * share:g} % | {ones}, {twos} | {roc(similarities, same).area:.5f} | "
            f"{accepted[True] / ones:.4f}, {accepted[False] / twos:.5f} |"
        )
    return rows


def operating_point(config: Config) -> OperatingPoint | None:
    """Return the operating point of the embedder whose embedding a face has, None if it has none."""
    embedder = embedder_of(config)
    if embedder is None:
        return None
    return point_of(embedder, aligned=embedder.config_key == "face.description" and config.face.description.aligned)


def embedder_of(config: Config) -> Card | None:
    """Return the model card of the embedder whose embedding a face has, None if it has none."""
    models, known = needed_models(config), cards(*split_paths(config.cards))
    return next((find_card(models[key], known) for key in EMBEDDERS if key in models), None)


def likeness(point: OperatingPoint, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the similarity of two embeddings by the options of an operating point."""
    if point.normalize:
        one, other = match.normalize(one), match.normalize(other)
    return match.similarity(one, other, **point.options)


def cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the cosine of the angle between two embeddings."""
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))


@dataclass(frozen=True)
class Wanted:
    """What is measured: configurations by name, whether thresholds are calibrated, and where plots are written."""

    configs: Mapping[str, Config]
    calibrated: bool = False
    plots: Path | None = None


async def report(folder: Path, truth: Truth, wanted: Wanted) -> str:
    """Return the tables of all configurations, in Markdown, and write the plots."""
    tables: dict[str, list[str]] = {header: [] for header in HEADERS}
    finding, comparing, landmarks, poses, ranking, calibrating = tables.values()
    found: dict[str, Curve] = {}
    compared: dict[str, Curve] = {}
    for name, preset in wanted.configs.items():
        config = preset.merge(FACES_ALONE).merge(QUALITY if wanted.calibrated else {})
        measured = await measure(folder, truth, config if truth.pairs else config.merge(NO_EMBEDDINGS))
        finding += detection_rows(name, measured)
        found[name] = precision_recall(measured.pictures, SIZES[0])
        if truth.pairs:
            comparing.append(verification_row(name, truth, measured))
            compared[name] = roc_curve(*similarities_of(truth, measured))
        if wanted.calibrated:
            ranking += quality_rows(name, truth, measured)
            calibrating += calibration_rows(name, truth, measured)
        if errors := measured.landmark_errors:
            landmarks.append(f"| {name} | {len(errors)} | {np.mean(errors):.4f} |")
        if truth.bodies or truth.hands:
            poses += pose_rows(name, await measure_poses(folder, truth, preset))
    if wanted.plots:
        wanted.plots.mkdir(parents=True, exist_ok=True)
        write_plot(wanted.plots / "faces.png", "faces", ("recall", "precision"), found)
        if compared:
            write_plot(wanted.plots / "roc.png", "pairs of faces", ("false accepts", "true accepts"), compared)
    return "\n\n".join(
        "\n".join([header, re.sub(r"[^|]+", " --- ", header), *rows]) for header, rows in tables.items() if rows
    )


def roc_curve(similarities: Sequence[float], same: Sequence[bool]) -> Curve:
    """Return the points of the ROC, of which there are none without pairs of both kinds."""
    if all(same) or not any(same):
        return []
    curve = roc(similarities, same)
    return [*zip(curve.false_accepts[::-1].tolist(), curve.true_accepts[::-1].tolist(), strict=True)]


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="tools/bench/accuracy", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the pictures, with truth.json")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="ground truth elsewhere: JSON, or WIDER's text")
    parser.add_argument("--presets", default=",".join(PRESETS), help="names with commas between; by default all")
    parser.add_argument("--config", type=Path, action="append", metavar="FILE", help="measure a TOML file as well")
    parser.add_argument("--calibrate", action="store_true", help="print operating points for the embedders")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="write plots of the curves, as PNG")
    parser.add_argument("--synthetic", action="store_true", help="write groups of the sample faces to FOLDER first")
    options = parser.parse_args()
    try:
        path = write_groups(options.folder) if options.synthetic else options.truth or options.folder / "truth.json"
        configs = {name: Config.preset(name) for name in filter(None, options.presets.split(","))}
        configs |= {file.stem: load_config(file) for file in options.config or ()}
        wanted = Wanted(configs, options.calibrate, options.plots)
        print(asyncio.run(report(options.folder, read_truth(path), wanted)))
    except (TruthError, HumanRTError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""``humanrt match``: whether the largest faces of two pictures are one person.

Exit codes, as those of ``cmp``: 0 the same person, 1 not, 2 there is no verdict.
"""

import argparse
import asyncio
from collections.abc import Sequence

from humanrt.batch import FOR_ALL_PICTURES
from humanrt.cli import DONE, FAILED, USAGE
from humanrt.cli.settings import read_settings
from humanrt.cli.sources import Item, Picture, Unreadable, brief, find_items
from humanrt.cli.stdio import ProgressLine, announce, complain, write_line
from humanrt.config import Config, default_config
from humanrt.errors import ConfigError, HumanRTError, InputError
from humanrt.human import Human
from humanrt.matching import OPERATING_POINTS, OperatingPoint, match, point_for
from humanrt.matching.match import Embedding

SAME, DIFFERENT, NO_VERDICT = DONE, FAILED, USAGE
OFF = {"enabled": False}
BASE = default_config().merge(
    {
        "face": {"emotion": OFF, "iris": OFF, "description": OFF},
        **dict.fromkeys(("body", "hand", "object", "gesture", "segmentation"), OFF),
    }
)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = read_settings(options, BASE)
    point = _operating_point(config)
    items = find_items([options.first, options.second], recursive=False)
    if len(items) != 2:
        complain("match compares two pictures; name files")
        return NO_VERDICT
    try:
        embeddings = asyncio.run(_embeddings(config, items))
    except HumanRTError as error:
        complain(error)
        return NO_VERDICT
    if len(embeddings) != 2:
        return NO_VERDICT
    one, other = (match.normalize(each) if point.normalize else each for each in embeddings)
    similarity = match.similarity(one, other, **point.options)
    is_same = similarity >= point.similarity
    if not options.quiet:
        verdict = "the same person" if is_same else "different persons"
        relation = "at least" if is_same else "below"
        write_line(f"similarity {similarity:.2f}: {verdict} ({relation} {point.similarity:.2f})")
    return SAME if is_same else DIFFERENT


def _operating_point(config: Config) -> OperatingPoint:
    """Return the operating point of the embeddings. Raises ``ConfigError`` if theirs is not known."""
    point = point_for(config.face)
    if point is None:
        raise ConfigError(
            f"match has a verdict for embeddings of {', '.join(OPERATING_POINTS)} alone: enable face.embedding or "
            "face.description, or one of these, and no other embedder"
        )
    return point


async def _embeddings(config: Config, items: Sequence[Item]) -> list[Embedding]:
    """Return the embedding of the largest face of each picture that has one; the others are reported."""
    embeddings: list[Embedding] = []
    async with Human(config) as human:
        announce(await asyncio.to_thread(human.models.plan))
        await human.load(on_progress=ProgressLine())
        for item in items:
            try:
                embeddings.append(await _embedding(human, item))
            except FOR_ALL_PICTURES:
                raise
            except HumanRTError as error:
                complain(f"{item.name}: {brief(error, item.name)}")
    return embeddings


async def _embedding(human: Human, item: Item) -> Embedding:
    if isinstance(item, Unreadable):
        raise InputError(brief(item.error, item.name)) from item.error
    if not isinstance(item, Picture):
        raise InputError("it is a video; match compares pictures")
    with await human.detect(item.source) as result:
        for error in result.errors.values():
            raise InputError(f"its faces were not detected: {error}") from error
        faces = [(face.box[2] * face.box[3], face.embedding) for face in result.face if face.embedding is not None]
        if not faces:
            raise InputError("there is no face in this picture")
        _, embedding = max(faces, key=lambda face: face[0])
        return embedding

"""``humanrt detect``: the detections of pictures, as a table, as Human's JSON, or drawn."""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from humanrt.cli import DONE, FAILED
from humanrt.cli.stdio import ProgressLine, complain, read_input, write_line
from humanrt.cli.table import headline, table
from humanrt.config import Config, load_config
from humanrt.drawing.result import draw_result
from humanrt.errors import ConfigError, HumanRTError
from humanrt.human import Human
from humanrt.imaging import PictureSource, read_picture, write_png
from humanrt.imaging.source import MAX_ENCODED_BYTES

STANDARD_INPUT = "-"


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = load_config(options.config, Config.preset(options.preset or "human"))
    if options.device:
        config = config.merge({"device": options.device})
    paths: Sequence[str] = options.paths
    drawings: Sequence[Path | None] = [None] * len(paths)
    if options.draw:
        drawings = choose_drawings(paths, [_name(path) for path in paths], options.draw)
    # Read here, where Ctrl-C interrupts it: on the thread of an event loop it would not.
    piped = _read_input() if STANDARD_INPUT in paths else b""
    sources = [piped if path == STANDARD_INPUT else path for path in paths]
    return asyncio.run(_detect_all(config, paths, sources, drawings, as_json=options.json))


def _read_input() -> bytes | OSError:
    """Return standard input, or the error of reading it, which does not stop the other pictures."""
    try:
        return read_input(MAX_ENCODED_BYTES + 1)
    except OSError as error:
        return error


async def _detect_all(
    config: Config,
    paths: Sequence[str],
    sources: Sequence[PictureSource | OSError],
    drawings: Sequence[Path | None],
    *,
    as_json: bool,
) -> int:
    exit_code = DONE
    async with Human(config) as human:
        await human.load(on_progress=ProgressLine())
        before = human.engine.memory().num_tensors
        for path, source, drawing in zip(paths, sources, drawings, strict=True):
            try:
                if not await _detect_one(human, path, source, drawing, as_json=as_json):
                    exit_code = FAILED
            except (HumanRTError, OSError) as error:
                complain(f"{path}: {error}")
                exit_code = FAILED
        if not as_json:
            write_line(f"live tensors: {before} before, {human.engine.memory().num_tensors} after")
    return exit_code


async def _detect_one(
    human: Human, path: str, source: PictureSource | OSError, drawing: Path | None, *, as_json: bool
) -> bool:
    """Detect in one picture and write the result; return whether no module failed."""
    if isinstance(source, OSError):
        raise source
    with await human.detect(source) as result:
        if as_json:
            write_line(json.dumps(result.to_human()))
        else:
            write_line(f"{path}: {headline(result)}")
            for line in table(result):
                write_line(f"  {line}")
        if drawing is not None:
            write_png(drawing, draw_result(read_picture(source, max_pixels=human.config.max_pixels), result))
            if not as_json:
                write_line(f"  drawn: {drawing}")
        return not result.errors


def choose_drawings(paths: Sequence[str], names: Sequence[str], folder: Path) -> list[Path]:
    """Create the folder, and choose a file in it for the drawing of each picture; equal names are numbered.

    ``paths`` are the pictures, ``names`` the names of their drawings. Raises ``ConfigError`` if the folder cannot be
    written to, or if a drawing would replace a picture; no drawing is written then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--draw {folder}: {error.strerror}; name a folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"--draw {folder}: it cannot be written to; name another folder")
    pictures = {Path(path).resolve() for path in paths}
    drawings: list[Path] = []
    for name in names:
        numbered = (folder / f"{name}-{number}.png" for number in count(2))
        drawing = next(each for each in chain([folder / f"{name}.png"], numbered) if each not in drawings)
        if drawing.resolve() in pictures:
            raise ConfigError(f"--draw {folder}: {drawing} is one of the pictures; name another folder")
        drawings.append(drawing)
    return drawings


def _name(path: str) -> str:
    return "stdin" if path == STANDARD_INPUT else Path(path).stem

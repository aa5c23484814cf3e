"""``humanrt detect``: the detections in pictures and videos, as a table, as Human's JSON, in a file, or drawn."""

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from humanrt.batch import FOR_ALL_PICTURES
from humanrt.cli.drawings import choose_drawings
from humanrt.cli.output import Output, Place, create_output
from humanrt.cli.progress import CountLine
from humanrt.cli.report import Form, HumanJson, Report, Table
from humanrt.cli.settings import read_settings
from humanrt.cli.sources import STANDARD_INPUT, Item, Picture, Unreadable, Video, find_items
from humanrt.cli.stdio import ProgressLine, announce, output_is_terminal, write_line
from humanrt.cli.table import Style
from humanrt.config import Config, Environment
from humanrt.drawing.result import draw_result
from humanrt.errors import ConfigError, HumanRTError
from humanrt.human import Human
from humanrt.imaging import read_picture, write_png
from humanrt.result import Result


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = read_settings(options)
    if options.frames is not None and options.frames < 1:
        raise ConfigError(f"--frames {options.frames}: it must be at least 1")
    if options.fields and options.output is None:
        raise ConfigError("--fields chooses what --output writes; give --output FILE, too")
    output = None
    if options.output is not None:
        fields = [name.strip() for name in options.fields.split(",") if name.strip()]
        output = create_output(options.output.expanduser(), fields)
    items = find_items(options.paths, recursive=options.recursive)
    drawings = _choose_drawings(items, options.draw.expanduser()) if options.draw else {}
    work = Work(items, drawings, options.frames, is_table=not (options.json or output), is_verbose=options.verbose)
    with output or nullcontext():
        return asyncio.run(_detect(config, work, _report(config, items, _form(options, output))))


@dataclass(frozen=True)
class Work:
    """What one command detects in."""

    items: Sequence[Item]
    """The pictures and videos."""
    drawings: Mapping[int, Path]
    """The files of drawings, by the number of the picture among the items."""
    frames: int | None
    """The most frames of each video."""
    is_table: bool
    """Whether tables are written, and so other lines for people."""
    is_verbose: bool
    """Whether the numbers of live tensors are written."""


def _form(options: argparse.Namespace, output: Output | None) -> Form:
    if output is not None:
        return output
    if options.json:
        return HumanJson()
    return Table(Style(is_colored=output_is_terminal() and not Environment.read().no_color))


def _report(config: Config, items: Sequence[Item], form: Form) -> Report:
    """Return a report; lines of results on a terminal are progress enough."""
    total = None if any(isinstance(item, Video) for item in items) else len(items)
    progress = CountLine(total) if isinstance(form, Output) or not output_is_terminal() else None
    return Report(form, progress, config.face.detector.max_detected if config.face.enabled else 0)


async def _detect(config: Config, work: Work, report: Report) -> int:
    async with Human(config) as human:
        announce(await asyncio.to_thread(human.models.plan))
        await human.load(on_progress=ProgressLine())
        before = human.engine.memory().num_tensors
        for kind, group in groupby(enumerate(work.items), key=lambda numbered: type(numbered[1])):
            if kind is Picture:
                await _detect_pictures(human, list(group), work, report)
                continue
            for _, item in group:
                if isinstance(item, Unreadable):
                    report.fail(Place(item.name), item.error)
                elif isinstance(item, Video):
                    await _detect_frames(human, item, work.frames, report)
        report.end()
        if work.is_verbose:
            write_line(f"live tensors: {before} before, {human.engine.memory().num_tensors} after")
    return report.exit_code


async def _detect_pictures(human: Human, group: Sequence[tuple[int, Item]], work: Work, report: Report) -> None:
    """Detect in pictures, several at once, and write their results in their order."""
    pictures = [(number, item) for number, item in group if isinstance(item, Picture)]
    waiting = iter(pictures)
    async with human.detect_many((item.source for _, item in pictures), ordered=True) as batch:
        async for _, outcome in batch:
            number, picture = next(waiting)
            place = Place(picture.name)
            if isinstance(outcome, HumanRTError):
                report.fail(place, outcome)
                continue
            with outcome:
                report.add(place, outcome)
                drawing = work.drawings.get(number)
                if drawing is None:
                    continue
                try:
                    await asyncio.to_thread(_draw, drawing, picture, outcome, human.config.image.max_pixels)
                except (HumanRTError, OSError) as error:
                    report.complain(place, error)
                else:
                    if work.is_table:
                        write_line(f"  drawn: {drawing}")


def _draw(drawing: Path, picture: Picture, result: Result, max_pixels: int) -> None:
    filtered = result.canvas  # the results are in its coordinates
    pixels = read_picture(picture.source, max_pixels=max_pixels) if filtered is None else filtered.data_sync()
    write_png(drawing, draw_result(pixels, result, in_place=filtered is not None))


async def _detect_frames(human: Human, video: Video, most: int | None, report: Report) -> None:
    """Detect in a video, frame by frame, at most in so many frames."""
    place = Place(video.name)
    try:
        async with human.stream(video.source) as stream:
            number = 0
            async for _, result in stream:
                with result:
                    report.add(Place(video.name, number, stream.timestamp), result)
                number += 1
                if number == most:
                    return
    except FOR_ALL_PICTURES:
        raise
    except HumanRTError as error:
        report.fail(place, error)


def _choose_drawings(items: Sequence[Item], folder: Path) -> dict[int, Path]:
    """Return the drawing of each picture, by its number."""
    video = next((item.name for item in items if isinstance(item, Video)), None)
    if video is not None:
        raise ConfigError(f"--draw {folder}: {video} is a video, and only pictures are drawn; leave it out")
    numbers = [number for number, item in enumerate(items) if isinstance(item, Picture)]
    paths = [items[number].name for number in numbers]
    names = ["stdin" if path == STANDARD_INPUT else Path(path).stem for path in paths]
    return dict(zip(numbers, choose_drawings(paths, names, folder), strict=True))

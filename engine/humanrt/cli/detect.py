"""``humanrt detect``: what there is in pictures, as a table, as Human's JSON, or drawn."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from humanrt.cli.drawings import choose_drawings
from humanrt.cli.output import DONE, FAILED, ProgressLine, complain
from humanrt.cli.table import headline, table
from humanrt.config import load_config
from humanrt.drawing.result import draw_result
from humanrt.errors import HumanRTError
from humanrt.human import Human
from humanrt.imaging import PictureSource, read_picture, write_png
from humanrt.result import Result

STANDARD_INPUT = "-"


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    detect = commands.add_parser("detect", help="find people and things in pictures")
    detect.add_argument("paths", nargs="+", metavar="PATH", help="a picture; - reads one from standard input")
    detect.add_argument("--json", action="store_true", help="print one line of Human's JSON for each picture")
    detect.add_argument("--draw", type=Path, metavar="DIR", help="draw what was found on each picture, there")
    detect.add_argument("--device", help="auto, cpu, cuda or cuda:N")
    detect.add_argument("--config", metavar="FILE", help="a TOML file; Human's names and snake_case names both work")
    detect.set_defaults(command=_detect)


def _detect(options: argparse.Namespace) -> int:
    return asyncio.run(_detect_all(options))


async def _detect_all(options: argparse.Namespace) -> int:
    config = load_config(options.config)
    if options.device:
        config = config.merge({"device": options.device})
    exit_code = DONE
    drawings: Sequence[Path | None] = [None] * len(options.paths)
    if options.draw:
        drawings = choose_drawings(options.paths, [_name(path) for path in options.paths], options.draw)
    async with Human(config) as human:
        await human.load(on_progress=ProgressLine())
        before = human.engine.memory().num_tensors
        for path, drawing in zip(options.paths, drawings, strict=True):
            try:
                if not await _detect_one(human, path, drawing, as_json=options.json):
                    exit_code = FAILED
            except BrokenPipeError:
                raise
            except (HumanRTError, OSError) as error:
                complain(f"{path}: {error}")
                exit_code = FAILED
        if not options.json:
            print(f"live tensors: {before} before, {human.engine.memory().num_tensors} after")
    return exit_code


async def _detect_one(human: Human, path: str, drawing: Path | None, *, as_json: bool) -> bool:
    """Detect in one picture, and tell of it; returns whether every module of Human did its work."""
    source: PictureSource = sys.stdin.buffer.read() if path == STANDARD_INPUT else path
    with await human.detect(source) as result:
        if as_json:
            print(json.dumps(result.to_human()), flush=True)
        else:
            _print_table(path, result)
        if drawing is not None:
            write_png(drawing, draw_result(read_picture(source, max_pixels=human.config.max_pixels), result))
            if not as_json:
                print(f"  drawn: {drawing}")
        return not result.errors


def _name(path: str) -> str:
    return "stdin" if path == STANDARD_INPUT else Path(path).stem


def _print_table(path: str, result: Result) -> None:
    print(f"{path}: {headline(result)}")
    for line in table(result):
        print(f"  {line}")

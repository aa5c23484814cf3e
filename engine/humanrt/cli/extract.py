"""``humanrt extract``: the boxes and embeddings of the faces in a folder, in one file."""

import argparse
import asyncio
import os
from pathlib import Path

from humanrt.cli import DONE, FAILED
from humanrt.cli.report import counted
from humanrt.cli.settings import read_settings
from humanrt.cli.stdio import OutputError, ProgressLine, announce, write_line
from humanrt.config import Config
from humanrt.extraction import Extraction
from humanrt.human import Human


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    config = read_settings(options)
    source = os.path.expanduser(options.source)  # noqa: PTH111 - a pattern is no path
    output: Path = options.output.expanduser()
    try:
        done = asyncio.run(_extract(config, source, output, recursive=options.recursive))
    except OSError as error:
        raise OutputError(error, str(output)) from error
    parts = [counted(done.pictures, "picture"), counted(done.faces, "face")]
    parts += [f"{done.failed} failed"] if done.failed else []
    parts += [f"{done.resumed} done before"] if done.resumed else []
    write_line(f"{output}: {', '.join(parts)}")
    return FAILED if done.failed else DONE


async def _extract(config: Config, source: str, output: Path, *, recursive: bool) -> Extraction:
    async with Human(config) as human:
        announce(await asyncio.to_thread(human.models.plan))
        await human.load(on_progress=ProgressLine())
        return await human.extract(source, output, recursive=recursive)

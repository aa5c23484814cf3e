"""``humanrt filter``: a picture with filters, in a file."""

import argparse
import asyncio
from pathlib import Path

from humanrt.cli import DONE
from humanrt.cli.drawings import check_output
from humanrt.cli.stdio import OutputError, write_line
from humanrt.config import Config, FilterConfig
from humanrt.human import Human
from humanrt.imaging import write_picture


def run(options: argparse.Namespace) -> int:
    """Run the command, and return the exit code."""
    given = {name: value for name in vars(FilterConfig()) if (value := vars(options).get(name)) is not None}
    config = Config().merge({"filter": {**given, "enabled": True}})
    check_output(options.output, Path(options.picture))
    try:
        asyncio.run(_filter(config, options))
    except OSError as error:
        raise OutputError(error, str(options.output)) from error
    write_line(f"wrote {options.output}")
    return DONE


async def _filter(config: Config, options: argparse.Namespace) -> None:
    async with Human(config) as human, human.engine.scope():
        picture = await human.image(options.picture)
        await asyncio.to_thread(write_picture, options.output, picture.numpy())

"""The command line: ``humanrt detect``, ``humanrt models``, ``humanrt doctor``.

Exit codes: 0 done; 1 something failed, a picture or a model, and the others are done; 2 wrong usage.
"""

import argparse
from collections.abc import Callable, Sequence

import humanrt
from humanrt.cli import detect, doctor, models
from humanrt.cli.output import DONE, FAILED, USAGE, complain
from humanrt.errors import ConfigError, HumanRTError

__all__ = ["DONE", "FAILED", "USAGE", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the process's arguments; returns the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ConfigError as error:
        complain(error)
        return USAGE
    except HumanRTError as error:
        complain(error)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="humanrt", description=humanrt.__doc__)
    parser.add_argument("--version", action="version", version=humanrt.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (detect, models, doctor):
        part.add_to(commands)
    return parser

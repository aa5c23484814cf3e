"""The command line: ``humanrt detect``, ``humanrt models``, ``humanrt doctor``.

Exit codes: 0 done; 1 something failed, a picture or a model, and the others are done; 2 wrong usage; 130 interrupted;
141 nobody reads the output any more.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import humanrt
from humanrt.cli import detect, doctor, models
from humanrt.cli.output import DONE, FAILED, INTERRUPTED, UNREAD, USAGE, complain
from humanrt.errors import ConfigError, HumanRTError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "UNREAD", "USAGE", "main"]

DESCRIPTION = "Finds people in pictures, and things, with the models of the JavaScript library Human."


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
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes the output once more at its end, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="humanrt", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=humanrt.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (detect, models, doctor):
        part.add_to(commands)
    return parser

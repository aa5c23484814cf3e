"""The parser of the command line. It imports no command before that is chosen, so that ``--help`` takes little time."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import NoReturn

import humanrt
from humanrt.cli import USAGE
from humanrt.cli.arguments import (
    add_config,
    add_detect,
    add_doctor,
    add_extract,
    add_filter,
    add_match,
    add_models,
    add_serve,
    add_soak,
    add_style,
)
from humanrt.cli.stdio import warn, write_line

DESCRIPTION = "Detects people and objects in pictures, with the models of the JavaScript library Human."

# The commands, in the order of the help.
COMMANDS = (
    *(add_detect, add_match, add_extract, add_style, add_soak),
    *(add_serve, add_models, add_filter, add_config, add_doctor),
)

# The commands that decode pictures, and start no processes that do.
DECODING = frozenset({"detect", "extract", "filter", "match", "style"})


class Parser(argparse.ArgumentParser):
    """A parser that writes as every command does, and accepts options between the positional arguments."""

    _is_mixing: bool = False

    # argparse calls this for a command, and would accept its positional arguments in one piece only; the form that
    # accepts them anywhere calls it again, for the options and for what they leave.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Return the options, and the arguments that are left over."""
        if self._is_mixing or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._is_mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_mixing = False

    def print_help(self, file: object = None) -> None:
        """Write the help to standard output."""
        del file
        write_line(self.format_help().rstrip())

    def error(self, message: str) -> NoReturn:
        """Write the usage and ``message`` to standard error, and exit with the code of wrong usage."""
        warn(f"{self.format_usage()}{self.prog}: error: {message}\n")
        sys.exit(USAGE)


class Version(argparse.Action):
    """The option that writes the version."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> NoReturn:
        """Write it and exit."""
        write_line(humanrt.__version__)
        sys.exit()


def parse(arguments: Sequence[str] | None) -> Callable[[], int]:
    """Return the command for ``arguments``, by default those of the process. Exits for wrong usage and ``--help``."""
    options = _parser().parse_args(arguments)
    if "check" in options:
        options.check(options)
    return partial(_run, options, is_own_process=arguments is None)


def _run(options: argparse.Namespace, *, is_own_process: bool) -> int:
    module = import_module(f"humanrt.cli.{options.command}")
    if is_own_process and options.command in DECODING:
        from humanrt.imaging.opencv import silence_decoders

        silence_decoders()
    code: int = module.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(prog="humanrt", description=DESCRIPTION)
    parser.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for add in COMMANDS:
        add(commands)
    return parser

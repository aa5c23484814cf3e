"""Which models and sample pictures there are: one TOML file, a card, for each.

The package's cards are the files ``humanrt_models/TASK/NAME.toml``, and ``sources.toml`` beside them says where the
models are published. A new model of a known family is one card more. Users keep their own in folders of their own.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from humanrt.errors import CardError, UnknownModelError
from humanrt.zoo.cards import Asset, Card, SampleCard
from humanrt.zoo.toml_reader import parse_toml, read_record

AnyAsset = TypeVar("AnyAsset", bound=Asset)
Text = tuple[str, Traversable]  # what messages call a file, and the file


def cards(*places: Path) -> Mapping[str, Card]:
    """Every model there is, by name: the package's, and those of `places`, each a card or a folder of cards.

    Raises CardError: a card is malformed, two have the same name, or a place is not there.
    """
    if not places:
        return _package_cards()
    found = dict(_package_cards())
    for place in dict.fromkeys(places):
        mine = _read_cards(Card, _texts_at(place))
        if taken := found.keys() & mine.keys():
            raise CardError(f"{place}: there already is a model called {min(taken)!r}: give yours another name")
        found |= {name: _with_paths_from(card, place) for name, card in mine.items()}
    return MappingProxyType(found)


@cache
def sample_cards() -> Mapping[str, SampleCard]:
    """Every set of sample pictures there is, by name.

    Raises CardError: a card is malformed, or two have the same name.
    """
    return _read_cards(SampleCard, _texts_in(files("humanrt_models") / SampleCard.kind))


def find_card(name: str, among: Mapping[str, Card] | None = None) -> Card:
    """Return the card called `name`, by default one of the package's; Human's model paths ("iris.json") will do too.

    Raises UnknownModelError: there is none; the message names the nearest.
    """
    known = _package_cards() if among is None else among
    wanted = name.removesuffix(".json").removesuffix(".onnx")
    if wanted in known:
        return known[wanted]
    nearest = difflib.get_close_matches(wanted, known, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"`humanrt models list` shows the {len(known)} there are"
    raise UnknownModelError(f"there is no model called {name!r}: {hint}")


@cache
def _package_cards() -> Mapping[str, Card]:
    folders = (folder for folder in files("humanrt_models").iterdir() if folder.name != SampleCard.kind)
    return _read_cards(Card, (text for folder in folders if folder.is_dir() for text in _texts_in(folder)))


@cache
def _sources() -> Mapping[str, object]:
    return parse_toml((files("humanrt_models") / "sources.toml").read_text(encoding="utf-8"), "sources.toml")


def _texts_in(folder: Traversable) -> Iterator[Text]:
    return ((f"{folder.name}/{file.name}", file) for file in folder.iterdir() if file.name.endswith(".toml"))


def _texts_at(place: Path) -> Iterator[Text]:
    if place.is_dir():
        return _texts_in(place)
    if place.is_file():
        return iter([(str(place), place)])
    raise CardError(f"{place}: is neither a card nor a folder of cards; HUMANRT_CARDS, or the key `cards`, names it")


def _read_cards(kind: type[AnyAsset], texts: Iterable[Text]) -> Mapping[str, AnyAsset]:
    """Return the cards by name, in the order of their names."""
    origins: dict[str, str] = {}
    found: dict[str, AnyAsset] = {}
    for where, file in texts:
        card = _read_card(kind, file, where)
        if card.name in found:
            raise CardError(f"{where}: name: {card.name!r} is already the name in {origins[card.name]}")
        found[card.name], origins[card.name] = card, where
    return MappingProxyType(dict(sorted(found.items())))


def _read_card(kind: type[AnyAsset], file: Traversable, where: str) -> AnyAsset:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{where}: cannot be read: {error}") from error
    values = dict(parse_toml(text, where))
    sources = values.get("sources")
    if isinstance(sources, list):
        values["sources"] = [_named_source(entry, where) if isinstance(entry, str) else entry for entry in sources]
    return read_record(kind, values, where)


def _named_source(name: str, where: str) -> object:
    if name not in _sources():
        raise CardError(f"{where}: sources: there is no {name!r}; there are {', '.join(_sources())}")
    return _sources()[name]


def _with_paths_from(card: Card, place: Path) -> Card:
    """Return `card` with the paths of its files as seen from here, not from the card."""
    folder = place if place.is_dir() else place.parent
    return replace(
        card, files=tuple(replace(file, path=str(folder / file.path)) if file.path else file for file in card.files)
    )

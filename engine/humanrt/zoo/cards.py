"""Which models and sample pictures exist: one TOML file, a card, for each.

A card says what the files are (name, length, SHA-256), where they come from, under which licence, and what goes in and
comes out. The cards are the files ``humanrt_models/*/*.toml``; a new model of a known family is one more of them.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Annotated, ClassVar, TypeVar

from humanrt.errors import CardError, UnknownModelError
from humanrt.zoo.toml_reader import read_toml

# Names become names of files, so none may lead out of its folder or pass for an option of a command.
FileName = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")]
Folder = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")]
Sha256 = Annotated[str, re.compile(r"[0-9a-f]{64}")]
Commit = Annotated[str, re.compile(r"[0-9a-f]{40}")]
Repository = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")]
Package = Annotated[str, re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*")]
Version = Annotated[str, re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.-]*")]
ConfigKey = Annotated[str, re.compile(r"[a-z]+(\.[a-z]+)*")]
DType = Annotated[str, re.compile(r"float32|int32|uint8|bool")]


@dataclass(frozen=True, kw_only=True)
class CardFile:
    """One file: its name without a folder, its SHA-256 in lower-case hexadecimal, its length in bytes."""

    name: FileName
    sha256: Sha256
    bytes: int


@dataclass(frozen=True, kw_only=True)
class GitHubSource:
    """A folder of a GitHub repository ("owner/name") at one commit."""

    repository: Repository
    commit: Commit
    folder: Folder


@dataclass(frozen=True, kw_only=True)
class NpmSource:
    """A folder of one version of an npm package."""

    package: Package
    version: Version
    folder: Folder

    @property
    def spec(self) -> str:
        """What the npm client calls it: ``@vladmandic/human@3.3.6``."""
        return f"{self.package}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the files of a card can be had; every source has the same bytes."""

    github: GitHubSource
    npm: NpmSource


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made the original, the paper that describes it, where it was published and under which licence."""

    authors: str
    origin: str
    licence: str
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Files that belong together and come from the same place; `licence` is that of these files."""

    kind: ClassVar[str]

    name: FileName
    summary: str
    licence: str
    provenance: Provenance
    sources: Sources
    files: tuple[CardFile, ...]

    @property
    def folder(self) -> str:
        """Where in a cache the files lie."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An output of a model, or with a range an input.

    In `shape` a number is a fixed size and a word ("batch") stands for any size. `node` is the name in the graph.
    `signature` is the key in the model's signature, without ":0", where it differs from `node`. `labels` name the
    entries of the last axis.
    """

    node: str
    shape: tuple[int | str, ...]
    dtype: DType
    meaning: str
    signature: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InputSpec(TensorSpec):
    """An input of a model; its values lie in `value_range`, and `meaning` says how they are made from a picture."""

    value_range: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Card(Asset):
    """A TF.js graph model: a ``NAME.json`` and its weights. `config_key` names the module that uses it."""

    kind: ClassVar[str] = "models"

    config_key: ConfigKey
    inputs: Mapping[str, InputSpec] = field(hash=False)
    outputs: Mapping[str, TensorSpec] = field(hash=False)

    def __post_init__(self) -> None:
        if self.model_json not in {file.name for file in self.files}:
            raise ValueError(f"files: must hold {self.model_json}")

    @property
    def model_json(self) -> str:
        """The file that a loader opens first."""
        return f"{self.name}.json"


@dataclass(frozen=True, kw_only=True)
class SamplePicture(CardFile):
    """A JPEG, `width` x `height` pixels, kept as base64 in the string `constant` of a TypeScript file."""

    constant: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class SampleCard(Asset):
    """Pictures to try models on, and the TypeScript file that holds them."""

    kind: ClassVar[str] = "samples"

    pictures: tuple[SamplePicture, ...]

    def __post_init__(self) -> None:
        if len(self.files) != 1:
            raise ValueError("files: must hold one file, the one with the pictures in it")


@cache
def cards() -> Mapping[str, Card]:
    """Every model there is, by name.

    :raises CardError: a card is malformed, or two have the same name
    """
    folders = (folder for folder in files("humanrt_models").iterdir() if folder.name != SampleCard.kind)
    return read_cards(Card, folders)


@cache
def sample_cards() -> Mapping[str, SampleCard]:
    """Every set of sample pictures there is, by name.

    :raises CardError: a card is malformed, or two have the same name
    """
    return read_cards(SampleCard, [files("humanrt_models") / SampleCard.kind])


def find_card(name: str) -> Card:
    """Return the card called `name`; one of Human's model paths, such as "blazeface.json", is understood too.

    :raises UnknownModelError: there is none; the message names the nearest
    """
    found = cards().get(name.removesuffix(".json"))
    if found is not None:
        return found
    nearest = difflib.get_close_matches(name.removesuffix(".json"), cards(), n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(cards())}"
    raise UnknownModelError(f"there is no model called {name!r}: {hint}")


AnyAsset = TypeVar("AnyAsset", bound=Asset)


def read_cards(kind: type[AnyAsset], folders: Iterable[Traversable]) -> Mapping[str, AnyAsset]:
    """Return the cards in `folders`, by name, in the order of their names.

    :raises CardError: a card is malformed, or two have the same name
    """
    origins: dict[str, str] = {}
    found: dict[str, AnyAsset] = {}
    for folder in folders:
        for file in folder.iterdir() if folder.is_dir() else ():
            if file.name.endswith(".toml"):
                where = f"{folder.name}/{file.name}"
                card = read_toml(kind, file.read_text(encoding="utf-8"), where)
                if card.name in found:
                    raise CardError(f"{where}: name: {card.name!r} is already the name in {origins[card.name]}")
                found[card.name], origins[card.name] = card, where
    return MappingProxyType(dict(sorted(found.items())))

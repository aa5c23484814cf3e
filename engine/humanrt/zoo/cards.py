"""What a card says: the files of a model or of sample pictures, where they come from, what goes in and what comes out.

`catalogue` reads cards from TOML: the keys are the fields.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, ClassVar

# Names become names of files, so none may lead out of its folder or pass for an option of a command.
FileName = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")]
Folder = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")]
Sha256 = Annotated[str, re.compile(r"[0-9a-f]{64}")]
Commit = Annotated[str, re.compile(r"[0-9a-f]{40}")]
Repository = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")]
Package = Annotated[str, re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*")]
Version = Annotated[str, re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.-]*")]
Address = Annotated[str, re.compile(r"https://\S+")]
ConfigKey = Annotated[str, re.compile(r"[a-z]+(\.[a-z]+)*")]
DType = Annotated[str, re.compile(r"float32|int32|int64|uint8|bool")]
Color = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class CardFile:
    """One file: its name without a folder, its SHA-256 in lower-case hexadecimal, its length in bytes.

    `path` and `url` are for cards of your own: where the file lies on this machine, seen from the card, or in the web.
    """

    name: FileName
    sha256: Sha256
    bytes: int
    path: str = ""
    url: Address = ""


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

    def member(self, file: CardFile) -> str:
        """Return the name of `file` in the package's archive."""
        return f"package/{self.folder}/{file.name}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where files are published: on GitHub and, the same bytes, in an npm package."""

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
    """Files that belong together; `licence` is the one they are published under, which the original's may not be.

    Every source has every file, the same bytes. Files that have a `path` or `url` need no source.
    """

    kind: ClassVar[str]

    name: FileName
    summary: str
    licence: str
    provenance: Provenance
    files: tuple[CardFile, ...]
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        if not self.sources and not all(file.path or file.url for file in self.files):
            raise ValueError("sources: must name one, unless each file has a path or a url")

    @property
    def folder(self) -> str:
        """Where in a cache the files lie."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An output of a model, or with a range an input.

    In `shape` a number is a fixed size and a word ("batch") stands for any size. `node` is the name in the graph.
    `signature` is the key in the model's signature, without ":0", where it differs from `node`. `labels` name the
    entries of the last axis, or of that axis or those numbers that `meaning` speaks of. `colors`, one for each label,
    are what they are painted in: red, green, blue, 0 to 255.
    """

    node: str
    shape: tuple[int | str, ...]
    dtype: DType
    meaning: str
    signature: str = ""
    labels: tuple[str, ...] = ()
    colors: tuple[Color, ...] = ()

    def __post_init__(self) -> None:
        if self.colors and len(self.colors) != len(self.labels):
            raise ValueError(f"colors: must be {len(self.labels)}, one for each label, and are {len(self.colors)}")
        if any(not 0 <= level <= 255 for color in self.colors for level in color):
            raise ValueError("colors: must be red, green and blue from 0 to 255")


@dataclass(frozen=True, kw_only=True)
class InputSpec(TensorSpec):
    """An input of a model; `meaning` says how its values are made from a picture.

    They lie in `value_range`. For a model of your own `mean` and `std`, one number for each channel, say how those are
    normalised in the end: the model is given ``(value - mean) / std``.
    """

    value_range: tuple[float, float]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.mean) != len(self.std):
            raise ValueError("mean: must have as many numbers as std")
        if 0.0 in self.std:
            raise ValueError("std: must not be 0")


@dataclass(frozen=True, kw_only=True)
class Card(Asset):
    """A model: a TF.js graph model, ``NAME.json`` and its weights, or a ``NAME.onnx``.

    `config_key` is the section of the configuration that names the model in its ``model_path``, ``face.detector``. Two
    stand for other keys: ``face.ssrnet.age`` for ``model_path_age`` of ``face.ssrnet``, and likewise ``gender``.
    """

    kind: ClassVar[str] = "models"

    config_key: ConfigKey
    inputs: Mapping[str, InputSpec] = field(hash=False)
    outputs: Mapping[str, TensorSpec] = field(hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model_file not in {file.name for file in self.files}:
            raise ValueError(f"files: must hold {self.name}.json or {self.name}.onnx")

    @property
    def model_file(self) -> str:
        """The file that a loader opens first."""
        onnx = f"{self.name}.onnx"
        return onnx if onnx in {file.name for file in self.files} else f"{self.name}.json"

    @property
    def task(self) -> str:
        """The first part of the configuration key: "face", "body", "hand", "object" or "segmentation"."""
        return self.config_key.partition(".")[0]

    @property
    def size(self) -> int:
        """The length of all files in bytes."""
        return sum(file.bytes for file in self.files)

    @property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of what all files hold."""
        return sha256("|".join(f"{file.name} {file.sha256}" for file in self.files).encode()).hexdigest()


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
        super().__post_init__()
        if len(self.files) != 1:
            raise ValueError("files: must hold one file, the one with the pictures in it")

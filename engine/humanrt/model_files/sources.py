"""From a source of a model to the one file that ONNX Runtime loads, and the key of its session.

A model is identified by the content of all of its files: an ONNX model by the ``.onnx`` and its external data, a TF.js
model by the ``model.json`` and the weights. ONNX Runtime maps external data to memory, so that a loaded model would
change, or end the process, when another program writes the file. By default the files of users are therefore copied
once to the store's cache, under the hash of their content, and loaded from there.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard, runtime_checkable

from humanrt import tfjs
from humanrt.errors import IntegrityError, ModelFormatError
from humanrt.model_files import repairs
from humanrt.model_files.external import MAX_MODEL_BYTES, OnnxContent, read_onnx
from humanrt.model_files.formats import (
    HEAD_BYTES,
    SUPPORTED,
    foreign_error,
    foreign_folder,
    is_json,
    refuse_foreign,
)
from humanrt.model_files.symbolic import VERSION, rewritten
from humanrt.runtime.saving import StoredModel
from humanrt.zoo import Cancelled, Card, CardFile, Copy, OnProgress, Store, as_address, local_path, never, redact

if TYPE_CHECKING:
    from onnx import ModelProto

# The folder of conversions of models without a card; no card can have this name.
UNNAMED = "_"

ATTEMPTS = 3  # to copy files that another program writes at the same time


@runtime_checkable
class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self) -> bytes:
        """Return all bytes that follow."""


ModelSource: TypeAlias = "Card | str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryFile | ModelProto"
"""A model card; a path, or a ``file://`` address, of a file or folder; an https address; or the content of an ONNX
model: its bytes, a file that is open for reading, or an ``onnx.ModelProto``."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """A TF.js model on this machine, and how it is converted."""

    model_json: Path
    name: str
    digest: str
    store: Store
    repair: str = ""

    def convert(self, outputs: tuple[str, ...] | None = None) -> tuple[Path, str]:
        """Return the path and key of the ONNX model for the given nodes as outputs, by default the model's own.

        Raises ``ModelFormatError`` if the model is malformed, or its files changed.
        """
        key = self.digest if outputs is None else _sha256(f"{self.digest}|{outputs!r}".encode())
        return self.store.converted(self.name, key, partial(self._write, outputs)), key

    def _write(self, outputs: tuple[str, ...] | None, destination: Path) -> None:
        before = tfjs.source_digest(self.model_json)
        tfjs.convert(self.model_json, destination, outputs=outputs)
        if self.repair:
            destination.write_bytes(repairs.repaired(destination.read_bytes(), self.repair))
        # Otherwise the conversion of one content would be stored under the digest of another.
        if tfjs.source_digest(self.model_json) != before or (self.name == UNNAMED and before != self.digest):
            raise ModelFormatError(f"{self.model_json}: the files of the model changed; load it again")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model, the key that identifies their content, and the conversion of the model if any."""

    stored: StoredModel
    key: str
    conversion: Conversion | None = None


def name_of(source: ModelSource) -> str:
    """Return the name of a model in messages: that of the card or file, without secrets of an address."""
    if isinstance(source, Card):
        return source.name
    if isinstance(source, str | os.PathLike):
        address = as_address(source)
        return Path(redact(address or os.fspath(source)).partition("?")[0]).name or "model"
    name = getattr(source, "name", None)
    if isinstance(name, str) and name:
        return Path(name).name
    graph = getattr(source, "graph", None)
    return str(getattr(graph, "name", "") or "model")


def prepare(
    source: ModelSource,
    store: Store,
    *,
    copy: bool = True,
    on_progress: OnProgress | None = None,
    cancelled: Cancelled = never,
) -> ModelFiles:
    """Return the ONNX file of a source, fetched, verified, copied and converted as needed. It may take minutes.

    With ``copy=False`` an ONNX model is loaded from the user's own files.

    Raises ``ModelFormatError`` if the source is not a model, is malformed, or lacks files, ``StoreError`` and its
    subclasses if files cannot be fetched, read or written.
    """
    loader = _Loader(store, copy, on_progress, cancelled)
    if isinstance(source, Card):
        return loader.from_card(source)
    if isinstance(source, str | os.PathLike):
        return loader.from_place(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return loader.from_content(bytes(source), "the model", None)
    if _is_proto(source):
        return loader.from_content(_serialized(source), "the ModelProto", None)
    if isinstance(source, BinaryFile):
        return loader.from_file(source)
    raise ModelFormatError(
        f"a {type(source).__name__} is not a source of a model; accepted are a model card, a path or address, the "
        "bytes of an ONNX model, a binary file, and an onnx.ModelProto"
    )


@dataclass(slots=True)
class _Loader:
    """One call of ``prepare``."""

    store: Store
    copy: bool
    on_progress: OnProgress | None
    cancelled: Cancelled
    read: dict[tuple[Path, int, int], OnnxContent] = field(default_factory=dict)

    def from_card(self, card: Card) -> ModelFiles:
        path = self.store.ensure(card, on_progress=self.on_progress, cancelled=self.cancelled)
        if is_json(_head(path)):
            # The digest of the card has the hashes of its files: they need not be read.
            repair = f"|{card.repair} {repairs.VERSION}" if card.repair else ""
            digest = _sha256(f"{tfjs.CONVERTER_VERSION}|{card.digest}{repair}".encode())
            converted = self._converted(path, card.name, digest, card.repair)
            if any(spec.any_size for spec in card.inputs.values()):
                changed = self._as_described(converted.stored.path, card)
                return converted if changed is None else replace(changed, conversion=converted.conversion)
            return converted
        if len(card.files) == 1 and (changed := self._as_described(path, card)):
            return changed
        places = [path.parent, *(Path(file.path).parent for file in card.files if file.path)]
        known = {path.parent / file.name: file for file in card.files}
        return self._onnx(path, places, known)

    def _as_described(self, path: Path, card: Card) -> ModelFiles | None:
        """Return the ONNX model with the inputs of its card, None if it has them; it is rewritten once, and cached."""
        content = rewritten(self._read(path).data, card)
        if content is None:
            return None
        shapes = sorted((spec.node, spec.accepted) for spec in card.inputs.values())
        digest = _sha256(f"symbolic {VERSION}|{card.digest}|{shapes}".encode())
        file = self.store.converted(card.name, digest, lambda new: new.write_bytes(content))
        return ModelFiles(StoredModel(file), digest)

    def from_place(self, source: str | os.PathLike[str]) -> ModelFiles:
        address = as_address(source)
        path = Path(source) if address is None else local_path(address)
        if path is None:
            assert address is not None  # noqa: S101 - only an address has no path
            path = self.store.download(
                address,
                self._other_files,
                check=self._check,
                on_progress=self.on_progress,
                cancelled=self.cancelled,
            )
        else:
            path = _find(path)
        if is_json(_head(path)):
            return self._converted(path, UNNAMED, tfjs.source_digest(path))
        return self._onnx(path, [path.parent], {})

    def from_file(self, file: BinaryFile) -> ModelFiles:
        content = file.read()
        if not isinstance(content, bytes):
            raise ModelFormatError("the file is open as text; open it for reading bytes, with the mode 'rb'")
        # The external data of a file on this machine is beside it.
        name = getattr(file, "name", None)
        path = Path(name) if isinstance(name, str) and name else None
        return self.from_content(content, str(path or "the file"), path.parent if path and _is_file(path) else None)

    def from_content(self, content: bytes, label: str, folder: Path | None) -> ModelFiles:
        if is_json(content[:HEAD_BYTES]):
            raise ModelFormatError(f"{label} is JSON; give the path of a TF.js model.json, which needs its weights")
        refuse_foreign(label, content[:HEAD_BYTES], lambda: content)
        onnx = read_onnx(content, label)
        if onnx.files and folder is None:
            raise ModelFormatError(
                f"{label} needs the files {', '.join(onnx.files)}; give the path of the .onnx file beside them"
            )
        return self._kept(label, lambda: (onnx, _external_files(onnx, label, [folder] if folder else [], {})))

    def _converted(self, path: Path, name: str, digest: str, repair: str = "") -> ModelFiles:
        conversion = Conversion(path, name, digest, self.store, repair)
        path, key = conversion.convert()
        return ModelFiles(StoredModel(path), key, conversion)

    def _onnx(self, path: Path, places: Iterable[Path], known: dict[Path, CardFile]) -> ModelFiles:
        """Return the files of an ONNX model; its external data is in one of the folders ``places``."""
        folders = list(dict.fromkeys(places))

        def find() -> tuple[OnnxContent, dict[str, tuple[Path, CardFile]]]:
            onnx = self._read(path)
            return onnx, _external_files(onnx, str(path), folders, known)

        onnx, files = find()
        is_whole = all(found == path.parent / name for name, (found, _) in files.items())
        if is_whole and path.is_relative_to(self.store.cache_dir):
            return ModelFiles(StoredModel(path, tuple(files)), _key(onnx, files))
        if is_whole and not self.copy:
            # What one file holds may change: another file of the same content is another session.
            used = [path.stat(), *(found.stat() for found, _ in files.values())]
            inodes = [(status.st_dev, status.st_ino) for status in used]
            key = _sha256(f"{_key(onnx, files)}|{path.resolve()}|{inodes}".encode())
            return ModelFiles(StoredModel(path, tuple(files)), key)
        return self._kept(str(path), find)

    def _kept(self, label: str, find: Callable[[], tuple[OnnxContent, dict[str, tuple[Path, CardFile]]]]) -> ModelFiles:
        """Return the copies of files in the cache. They are found again if they change while they are copied."""
        for _ in range(ATTEMPTS):
            onnx, files = find()
            model = CardFile(name=_free_name(onnx), sha256=_sha256(onnx.data), bytes=len(onnx.data))
            key = _key(onnx, files)
            copies = [Copy(name, file, path) for name, (path, file) in files.items()]
            with suppress(IntegrityError):
                folder = self.store.keep(key, [Copy(model.name, model, onnx.data), *copies])
                return ModelFiles(StoredModel(folder / model.name, tuple(files)), key)
        raise ModelFormatError(f"{label}: another program writes the files of the model; load it again later")

    def _read(self, path: Path) -> OnnxContent:
        """Return the content of an ``.onnx`` file; a file that did not change is read once."""
        size = tfjs.file_size(path)
        if size > MAX_MODEL_BYTES:
            raise ModelFormatError(f"{path} has {size} bytes; an .onnx file has at most {MAX_MODEL_BYTES}")
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        if key not in self.read:
            refuse_foreign(str(path), _head(path), lambda: path)
            self.read = {key: read_onnx(_content(path), str(path))}
        return self.read[key]

    def _other_files(self, first: Path) -> Iterable[Path]:
        if is_json(_head(first)):
            return tfjs.source_files(first)[1:]
        return [first.parent / name for name in self._read(first).files]

    def _check(self, first: Path) -> bool:
        if is_json(_head(first)):
            return tfjs.check_sizes(first)
        _external_files(self._read(first), str(first), [first.parent], {})
        return True


def _external_files(
    onnx: OnnxContent, label: str, folders: list[Path], known: dict[Path, CardFile]
) -> dict[str, tuple[Path, CardFile]]:
    """Return the files of external data by name: the path, and the length and hash of each.

    Raises ``ModelFormatError`` if one is missing or too short.
    """
    files: dict[str, tuple[Path, CardFile]] = {}
    for name, end in sorted(onnx.files.items()):
        path = next((folder / name for folder in folders if _is_file(folder / name)), None)
        if path is None:
            raise ModelFormatError(f"{label} needs the file {name} of its external data, which is missing beside it")
        file = known.get(path) or _described(path)
        if file.bytes < end:
            raise ModelFormatError(f"{path} is truncated: it has {file.bytes} bytes, and {label} needs {end}")
        files[name] = path, file
    return files


def _key(onnx: OnnxContent, files: dict[str, tuple[Path, CardFile]]) -> str:
    parts = [_sha256(onnx.data), *(f"{name} {file.sha256}" for name, (_, file) in sorted(files.items()))]
    return _sha256("|".join(parts).encode())


def _free_name(onnx: OnnxContent) -> str:
    """Return a name for the ``.onnx`` file that is none of its external data."""
    name = "model.onnx"
    while name in onnx.files:
        name = f"_{name}"
    return name


def _find(path: Path) -> Path:
    """Return the model file at ``path``, or in it if it is a folder."""
    if _is_file(path):
        return path
    try:
        entries = {entry.name: entry for entry in path.iterdir()}
    except (OSError, ValueError) as error:
        reason = f"does not exist, or cannot be read ({error})"
        if isinstance(error, NotADirectoryError) and path.exists():
            reason = "is neither a regular file nor a folder"
        raise ModelFormatError(f"{path} {reason}; accepted is {SUPPORTED}, or its folder") from error
    found = [entry for name, entry in entries.items() if name == "model.json" or name.endswith(".onnx")]
    if len(found) != 1:
        if not found and (foreign := foreign_folder(entries.keys())):
            raise foreign_error(str(path), foreign)
        raise ModelFormatError(f"{path} contains {len(found)} models; it must be one, a model.json or an .onnx file")
    return found[0]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the name is too long, for instance
        return False


def _head(path: Path) -> bytes:
    tfjs.file_size(path)  # which refuses pipes and devices
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error


def _described(path: Path) -> CardFile:
    """Return the length and hash of a file."""
    tfjs.file_size(path)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return CardFile(name=path.name, sha256=digest, bytes=os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise ModelFormatError(f"{path}: cannot be read: {error.strerror}") from error


def _is_proto(source: object) -> "TypeGuard[ModelProto]":
    # Whoever has a ModelProto has imported onnx.
    onnx = sys.modules.get("onnx")
    return onnx is not None and isinstance(source, onnx.ModelProto)


def _serialized(model: "ModelProto") -> bytes:
    from google.protobuf.message import EncodeError

    try:
        content: bytes = model.SerializeToString(deterministic=True)
    except (EncodeError, ValueError) as error:
        raise ModelFormatError(
            f"the ModelProto cannot be serialized: {error}. Save it with external data, and give its path"
        ) from error
    return content


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

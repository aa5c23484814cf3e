"""The file of a model: from a card, a path or an address to an ONNX file that ONNX Runtime can load."""

import os
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TypeAlias

from humanrt.errors import ModelFormatError
from humanrt.zoo import Card, OnProgress, Store, as_address

ModelSource: TypeAlias = Card | str | os.PathLike[str]
"""A card of the zoo; the path of an ``.onnx`` file, of a TF.js ``model.json``, or of a folder with one of them; or an
https address of such a file."""

# The name of models without a card in the store of converted models; no card can have it.
UNNAMED = "_"


def model_name(source: ModelSource) -> str:
    """Return the name by which errors call the model of ``source``."""
    return source.name if isinstance(source, Card) else Path(source).name.partition("?")[0]


def to_onnx(source: ModelSource, store: Store, on_progress: OnProgress | None = None) -> tuple[Path, str]:
    """Return the path of the ONNX file of ``source`` and a hash of its content, fetching and converting it as needed.

    Raises ``StoreError`` if files cannot be fetched, ``ModelFormatError`` if they are malformed.
    """
    from humanrt import tfjs

    if isinstance(source, Card):
        # The store has verified the content of the files, so that they need not be read for the hash.
        name, path = source.name, store.ensure(source, on_progress=on_progress)
        digest = sha256(f"{tfjs.CONVERTER_VERSION}|{source.digest}".encode()).hexdigest()
    else:
        name, path = UNNAMED, _locate(source, store, on_progress)
        digest = _digest(path) if path.suffix == ".onnx" else tfjs.source_digest(path)
    if path.suffix == ".onnx":
        return path, digest
    return store.converted(name, digest, partial(tfjs.convert, path)), digest


def _locate(source: str | os.PathLike[str], store: Store, on_progress: OnProgress | None) -> Path:
    """Return the model file at a path, or fetched from an address."""
    if not isinstance(source, str | os.PathLike):
        raise ModelFormatError(
            f"a model cannot be loaded from a {type(source).__name__}; accepted are a card of the zoo, a path and an "
            "https address"
        )
    if address := as_address(source):
        return store.download(address, _weights, check=lambda _: True, on_progress=on_progress)
    return _find(Path(source))


def _weights(model: Path) -> tuple[Path, ...]:
    """Return the files of a model besides its first."""
    from humanrt.tfjs import source_files

    return () if model.suffix == ".onnx" else source_files(model)[1:]


def _find(path: Path) -> Path:
    """Return the model file at ``path``, or the one in it if it is a folder."""
    if not path.is_dir():
        if path.is_file():
            return path
        raise ModelFormatError(
            f"{path} is not a file; a model is an .onnx file, a TF.js model.json, or a folder of one"
        )
    found = [*path.glob("model.json"), *path.glob("*.onnx")]
    if len(found) != 1:
        raise ModelFormatError(f"{path} holds {len(found)} models; it must hold one, a model.json or an .onnx file")
    return found[0]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()

"""Detections on the machines of a Ray cluster: a stage for Ray Data, and a deployment for Ray Serve.

Work, retries and scaling are Ray's. Ray is imported at the first use; the extra ``ray`` installs it.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from humanrt.batch import Outcome
from humanrt.config import Config, ConfigSource, load_config
from humanrt.errors import InputError, MissingDependencyError
from humanrt.human import Human
from humanrt.human_sync import HumanSync
from humanrt.result import Result, Row

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pyarrow import DataType, Schema, Table

    from humanrt.serve import ServeOptions

PICTURES = ("bytes", "image", "path")
"""The columns that have the pictures: those of ``ray.data.read_binary_files()`` and ``read_images()``, and paths."""


class HumanStage:
    """Detects in the pictures of a Ray dataset, with one ``Human`` in each actor.

    ::

        pictures = ray.data.read_binary_files("photos", include_paths=True)
        rows = pictures.map_batches(HumanStage, fn_constructor_args=({"preset": "fast"},), concurrency=2, batch_size=16)

    The pictures of a batch are in its column ``bytes`` (encoded), else ``image`` (uint8 [h, w, 3], RGB, of one size or
    of many), else ``path`` (every machine reads its own files). The column ``key`` identifies them in the output.

    The output is a table of Arrow with the columns ``picture``, the value of ``key``; ``error``; those of
    ``Result.rows()``; and with ``embeddings`` the column ``embedding``, float32 [d], of faces. A picture without
    detections has one row, whose ``kind`` is empty, so that none is missing; ``error`` is the reason if it failed.

    ``config`` is a configuration of Human. If it names no device, an actor with a GPU (``num_gpus``) detects on that,
    and one without on the CPU, in as many pictures at once as it has CPUs (``num_cpus``). The Human is closed when Ray
    ends the actor.

    Raises ``ConfigError`` if the configuration is invalid, ``InputError`` if a batch lacks the columns,
    ``MissingDependencyError`` without Ray. Errors that concern all pictures are raised, and Ray retries the batch.
    """

    def __init__(self, config: ConfigSource | None = None, *, key: str = "path", embeddings: bool = False) -> None:
        self._human = HumanSync(_configured(config))
        self._at_once: int = max(1, int(_resources().get("CPU", 1)))
        self._key = key
        self._embeddings = embeddings

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> "Table":
        """Return the rows of a batch of pictures."""
        pyarrow = _library("pyarrow")
        pictures = next((batch[name] for name in PICTURES if name in batch), None)
        if pictures is None or self._key not in batch:
            raise InputError(
                f"the batch has the columns {', '.join(batch)}; it must have one of {', '.join(PICTURES)}, and "
                f"{self._key!r}, which identifies the pictures: read_binary_files(..., include_paths=True), or key=NAME"
            )
        rows: list[dict[str, object]] = []
        numbers: list[int] = []  # of the picture of each row
        with self._human.detect_many(list(pictures), at_once=self._at_once, ordered=True) as outcomes:
            for number, (_, outcome) in enumerate(outcomes):
                rows += self._rows(outcome)
                numbers += [number] * (len(rows) - len(numbers))
        table = pyarrow.Table.from_pylist(rows, _schema(pyarrow, embeddings=self._embeddings))
        return table.add_column(0, "picture", pyarrow.array(np.asarray(batch[self._key])[numbers]))

    def close(self) -> None:
        """Free the models and the thread of the Human. Idempotent."""
        self._human.close()

    def __del__(self) -> None:
        # Ray deletes the stage at the end of its actor.
        if "_human" in vars(self):
            self.close()

    def _rows(self, outcome: Outcome) -> Iterator[dict[str, object]]:
        """Yield the rows of a picture, and free its tensors."""
        if not isinstance(outcome, Result):
            yield {"error": f"{type(outcome).__name__}: {outcome}", "kind": ""}
            return
        with outcome:
            reasons = [f"{name}: {type(error).__name__}: {error}" for name, error in outcome.errors.items()]
            error = "; ".join(reasons) or None
            embeddings = iter([face.embedding for face in outcome.face] if self._embeddings else [])
            rows = outcome.rows()
            for row in rows:
                yield {"error": error, **row._asdict(), "embedding": next(embeddings, None)}  # faces are the first rows
            if not rows:
                yield {"error": error, "kind": ""}


def create_deployment(config: ConfigSource | None = None, options: "ServeOptions | None" = None) -> Any:  # noqa: ANN401
    """Return a deployment of Ray Serve with the API and the page of ``humanrt serve``, and a ``Human`` in each replica.

    ::

        serve.run(create_deployment().options(num_replicas=2, ray_actor_options={"num_cpus": 1}).bind())

    A replica with a GPU detects on that, as ``HumanStage`` does. Clients reach the service through Ray's proxies: name
    the hosts that they address in ``options.hosts``. The extras ``ray`` and ``serve`` are needed.

    Raises ``MissingDependencyError`` without Ray Serve.
    """
    serve = _library("ray.serve", "ray,serve")
    _library("humanrt.serve", "ray,serve")

    def build() -> "FastAPI":  # in each replica
        from humanrt.serve import create_app

        return create_app(partial(Human, _configured(config)), options)

    return serve.deployment(serve.ingress(build)(), name="humanrt")


def _configured(source: ConfigSource | None) -> Config:
    """Return the configuration, with the device of the resources of this actor if it names none."""
    config = load_config(source)
    if config.device != "auto":
        return config
    return config.merge({"device": "cuda" if _resources().get("GPU", 0) else "cpu"})


def _resources() -> Mapping[str, float]:
    resources: Mapping[str, float] = _library("ray").get_runtime_context().get_assigned_resources()
    return resources


def _schema(pyarrow: Any, *, embeddings: bool) -> "Schema":  # noqa: ANN401  # a module
    def type_of(hint: Any) -> "DataType":  # noqa: ANN401  # a type
        kinds = {hint, *get_args(hint)}
        return pyarrow.string() if str in kinds else pyarrow.int64() if int in kinds else pyarrow.float64()

    hints = get_type_hints(Row)
    columns = [("error", pyarrow.string()), *((name, type_of(hints[name])) for name in Row._fields)]
    return pyarrow.schema([*columns, ("embedding", pyarrow.list_(pyarrow.float32()))] if embeddings else columns)


def _library(name: str, extras: str = "ray") -> Any:  # noqa: ANN401  # a module
    try:
        return import_module(name)
    except ImportError as error:
        message = f'{name} cannot be imported ({error}): pip install "humanrt[{extras}]"'
        raise MissingDependencyError(message, name=name) from error

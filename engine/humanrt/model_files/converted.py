"""A model converted from TF.js: its inner nodes can be outputs too, after another conversion."""

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property, partial

from humanrt import tfjs
from humanrt.errors import ModelDisposedError, ModelInputError
from humanrt.model_files.sources import Conversion
from humanrt.runtime.futures import background, completion
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.saving import StoredModel
from humanrt.runtime.sessions import SessionLease, acquire
from humanrt.runtime.signature import Inputs
from humanrt.tensors import Registry, Tensor


class ConvertedModel(GraphModel):
    """A graph model of TF.js, with the names that TF.js accepts.

    As in TF.js, an input or output may be named by its key in the signature or by its node, with or without ``:0``, and
    every node of the graph can be an output. The first use of other outputs than the model's own converts the model
    again and loads another session, which may take seconds; ``dispose()`` releases it.
    """

    def __init__(
        self, registry: Registry, lease: SessionLease, name: str, stored: StoredModel, conversion: Conversion
    ) -> None:
        super().__init__(registry, lease, name, stored)
        self._tensors = registry
        self._conversion = conversion
        self._others: dict[tuple[str, ...], GraphModel] = {}
        self._others_lock = threading.Lock()

    def execute(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the calling thread, as ``GraphModel.execute`` does."""
        nodes = self._other_outputs(outputs)
        if nodes is None:
            return super().execute(self._renamed(inputs), outputs)
        return self._other(nodes).execute(self._renamed(inputs), nodes)

    async def execute_async(self, inputs: Inputs, outputs: str | Sequence[str] | None = None) -> Tensor | list[Tensor]:
        """Run the model on the scheduler, as ``GraphModel.execute_async`` does."""
        nodes = self._other_outputs(outputs)
        if nodes is None:
            return await super().execute_async(self._renamed(inputs), outputs)
        other = self._others.get(nodes)
        if other is None:
            load = background(partial(self._other, nodes), name=f"humanrt-load-{self.name}")
            await completion(load).wait()
            other = load.result()
        return await other.execute_async(self._renamed(inputs), nodes)

    async def predict(self, inputs: Inputs) -> dict[str, Tensor]:
        """Run the model on the scheduler and return its outputs by name."""
        return await super().predict(self._renamed(inputs))

    def dispose(self) -> None:
        """Release the sessions when their last runs end. Idempotent."""
        super().dispose()
        for other in tuple(self._others.values()):
            other.dispose()

    async def drain(self) -> None:
        """Wait, after ``dispose()``, until the last run has ended and the sessions are released."""
        await super().drain()
        for other in tuple(self._others.values()):
            await other.drain()

    @cached_property
    def _names(self) -> tfjs.Names:
        return tfjs.read_names(self._conversion.model_json)

    def _renamed(self, inputs: Inputs) -> Inputs:
        """Return inputs by the names of their placeholders instead of the keys of the signature."""
        known = {spec.name for spec in self.inputs}
        if not isinstance(inputs, Mapping) or all(_plain(name) in known for name in inputs):
            return inputs
        keys = self._names.inputs
        return {_plain(keys.get(_plain(name), name)) if name not in known else name: t for name, t in inputs.items()}

    def _other_outputs(self, outputs: str | Sequence[str] | None) -> tuple[str, ...] | None:
        """Return the nodes that outputs name, None if the model has all of them as outputs or one does not exist."""
        if outputs is None:
            return None
        asked = [_plain(name) for name in ([outputs] if isinstance(outputs, str) else outputs)]
        known = {spec.name for spec in self.outputs}
        if all(name in known for name in asked):
            return None
        # TF.js looks up the keys of the signature first.
        nodes = tuple(_plain(self._names.outputs.get(name, name)) for name in asked)
        if not all(node.partition(":")[0] in self._names.nodes for node in nodes):
            return None  # the base class raises the error
        if len(set(nodes)) < len(nodes):
            raise ModelInputError(f"{self.name} cannot run: of the outputs {asked}, two are the same node")
        return nodes

    def _other(self, nodes: tuple[str, ...]) -> GraphModel:
        """Return the model with these nodes as outputs, loaded once. Blocks."""
        with self._others_lock:
            other = self._others.get(nodes)
            if other is None and not self.is_disposed:
                path, key = self._conversion.convert(nodes)
                other = GraphModel(self._tensors, acquire(path, key, self.device), self.name)
                self._others[nodes] = other
        if other is None or self.is_disposed:
            self.dispose()
            raise ModelDisposedError(f"{self.name} was disposed; load it again to run it")
        return other


def _plain(name: str) -> str:
    return name.removesuffix(":0")

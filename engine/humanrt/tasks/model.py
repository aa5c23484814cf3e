"""A model as the pipeline sees it: its outputs are asked for by what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.engine import Engine
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.side_by_side import side_by_side
from humanrt.tensors import Tensor
from humanrt.zoo import Card


class InputForm(NamedTuple):
    """The pixels of one input, [height, width, channels]; 0 where any number will do."""

    height: int
    width: int
    channels: int


@dataclass(frozen=True, eq=False)
class TaskModel:
    """A loaded model, the engine that runs it, and the card that says what goes in and what comes out."""

    engine: Engine
    card: Card
    graph: GraphModel

    @property
    def form(self) -> InputForm:
        """What the model takes."""
        _, *pixels = self._input_shape
        return InputForm(*(length if isinstance(length, int) else 0 for length in pixels))

    async def run(self, batch: NDArray[Any], meanings: Sequence[str]) -> list[NDArray[np.float32]]:
        """Run the model; returns copies of the outputs that the card calls ``meanings``, in that order.

        ``batch``, [n, ...], becomes the engine's. A model that takes one input at a time, and on a card every model, is
        run for each, side by side. The tensors are made in the caller's scope, which frees them.
        """
        # On a card, ONNX Runtime prepares every convolution anew whenever the number of inputs is not that of the run
        # before: seconds, where one input more takes a millisecond or two.
        one_by_one = self._input_shape[0] == 1 or self.graph.device.kind == "cuda"
        if not one_by_one or len(batch) == 1:
            return await self._run(batch, meanings)
        singles = await scheduler.run(_singles, batch)
        runs = await side_by_side(*(self._run(single, meanings) for single in singles))
        return [np.concatenate(outputs) for outputs in zip(*runs, strict=True)]

    async def execute(self, inputs: Mapping[str, Tensor], meanings: Sequence[str]) -> list[Tensor]:
        """Run the model once, for models with several inputs, and for outputs that are to stay tensors.

        ``inputs`` are by what the card calls them, and stay the caller's. Returns the outputs that the card calls
        ``meanings``, in that order; they are made in the caller's scope.
        """
        feeds = {self.card.inputs[name].node: tensor for name, tensor in inputs.items()}
        outputs = await self.graph.execute_async(feeds, self._names(meanings))
        return [outputs] if isinstance(outputs, Tensor) else outputs

    async def _run(self, batch: NDArray[Any], meanings: Sequence[str]) -> list[NDArray[np.float32]]:
        outputs = await self.graph.execute_async([self.engine.adopt(batch)], self._names(meanings))
        return [tensor.data_sync() for tensor in ([outputs] if isinstance(outputs, Tensor) else outputs)]

    def _names(self, meanings: Sequence[str]) -> list[str]:
        specs = [self.card.outputs[meaning] for meaning in meanings]
        return [spec.signature or spec.node for spec in specs]

    @property
    def _input_shape(self) -> tuple[int | str, ...]:
        (spec,) = self.card.inputs.values()
        return spec.shape


def _singles(batch: NDArray[Any]) -> list[NDArray[Any]]:
    """Copy each input of a batch, so that each can be freed alone."""
    return [single.copy() for single in np.split(batch, len(batch))]

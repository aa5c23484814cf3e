"""A model as the pipeline sees it: its outputs are asked for by what they mean."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from humanrt.engine import Engine
from humanrt.errors import ConfigError
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel
from humanrt.runtime.side_by_side import side_by_side
from humanrt.runtime.signature import Inputs
from humanrt.tensors import Tensor
from humanrt.zoo import Card, TensorSpec


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
        """What the model takes. Raises ConfigError for a card that has not one input of that form."""
        _, *pixels = self._input_shape
        return InputForm(*(length if isinstance(length, int) else 0 for length in pixels))

    @property
    def fixed_form(self) -> InputForm:
        """What the model takes, for what must know its sizes. Raises ConfigError for a card that leaves one open."""
        form = self.form
        if 0 in form:
            raise ConfigError(
                f"the card {self.card.name} has an input of {list(self._input_shape)}; all but the first must be "
                "numbers here, for pictures are scaled to them"
            )
        return form

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
        self._expect("inputs", self.card.inputs, inputs)
        feeds = {self.card.inputs[name].node: tensor for name, tensor in inputs.items()}
        return await self._execute(feeds, meanings)

    async def _run(self, batch: NDArray[Any], meanings: Sequence[str]) -> list[NDArray[np.float32]]:
        return [tensor.data_sync() for tensor in await self._execute([self.engine.adopt(batch)], meanings)]

    async def _execute(self, inputs: Inputs, meanings: Sequence[str]) -> list[Tensor]:
        outputs = await self.graph.execute_async(inputs, self._names(meanings))
        return [outputs] if isinstance(outputs, Tensor) else outputs

    def _names(self, meanings: Sequence[str]) -> list[str]:
        self._expect("outputs", self.card.outputs, meanings)
        specs = [self.card.outputs[meaning] for meaning in meanings]
        return [spec.signature or spec.node for spec in specs]

    def _expect(self, what: str, known: Mapping[str, TensorSpec], wanted: Iterable[str]) -> None:
        if not set(wanted) <= known.keys():
            raise ConfigError(
                f"the {what} of {self.card.name} are {', '.join(known)}; its use for {self.card.config_key} needs "
                f"{', '.join(wanted)}"
            )

    @property
    def _input_shape(self) -> tuple[int | str, ...]:
        shapes = [spec.shape for spec in self.card.inputs.values()]
        if len(shapes) != 1 or len(shapes[0]) != len(InputForm._fields) + 1:
            raise ConfigError(
                f"the card {self.card.name} has inputs of {', '.join(str(list(shape)) for shape in shapes)}; a model "
                f"for {self.card.config_key} has one, of four axes: [batch, height, width, 3], for instance"
            )
        return shapes[0]


def _singles(batch: NDArray[Any]) -> list[NDArray[Any]]:
    """Copy each input of a batch, so that each can be freed alone."""
    return [single.copy() for single in np.split(batch, len(batch))]

"""A model as the pipeline sees it: its outputs are asked for by what they mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from humanrt.runtime.graph_model import GraphModel
from humanrt.tensors import Tensor
from humanrt.zoo import Card


@dataclass(frozen=True, eq=False)
class TaskModel:
    """A loaded model and the card that says what its outputs mean."""

    card: Card
    graph: GraphModel

    async def run(self, batch: Tensor, meanings: Sequence[str]) -> list[NDArray[np.float32]]:
        """Run the model; returns copies of the outputs that the card calls ``meanings``, in that order.

        The output tensors are made in the caller's scope, which frees them.
        """
        specs = [self.card.outputs[meaning] for meaning in meanings]
        outputs = await self.graph.execute_async([batch], [spec.signature or spec.node for spec in specs])
        return [tensor.data_sync() for tensor in ([outputs] if isinstance(outputs, Tensor) else outputs)]

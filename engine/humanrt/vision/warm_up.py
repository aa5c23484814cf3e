"""The first run of a model on a GPU, ahead of the first picture.

cuDNN chooses and compiles the kernels of a model when it runs for the first time, which takes up to seconds. On the CPU
the first run costs as much as any other.
"""

import contextlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from humanrt.errors import ModelError
from humanrt.runtime.side_by_side import side_by_side
from humanrt.vision.stage import VisionModel


async def warm_up(models: Iterable[VisionModel]) -> None:
    """Run the models that are on a GPU once, side by side, on inputs of zeros.

    Models with an input whose size depends on the picture are left out: another size is compiled anew.
    """
    await side_by_side(*(_run_once(model) for model in set(models) if not model.on_cpu))


async def _run_once(model: VisionModel) -> None:
    inputs = _zeros(model)
    if inputs is None:
        return
    async with model.engine.scope("warm_up"):
        tensors = {name: model.engine.from_numpy(array) for name, array in inputs.items()}
        # The model may not accept zeros: then the first picture warms it up.
        with contextlib.suppress(ModelError):
            await model.graph.predict(tensors)


def _zeros(model: VisionModel) -> dict[str, NDArray[np.generic]] | None:
    """Return one image of zeros for each input; None if a size is open."""
    inputs = {}
    for spec in model.graph.inputs:
        if spec.shape is None or spec.tensor_dtype is None or None in spec.shape[1:]:
            return None
        shape = tuple(1 if length is None else length for length in spec.shape)
        inputs[spec.name] = np.zeros(shape, spec.tensor_dtype)
    return inputs

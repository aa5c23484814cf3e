"""A stage: prepare, run, decode. The one way in which a model is run on an image.

A *family* is what models with the same kind of input and output have in common: how an input is prepared and how the
outputs are decoded. A *stage* is one run of one model of a family. On the CPU it is one hop: ``prepare``, the run and
``decode`` follow one another on one worker thread, for a hop costs some 200 us. It is cancelled between these steps,
and inside of the run. On a GPU the run keeps the GPU's own threads, so that a stage has three hops there.

A batch of several images is run at once where the model and the device allow it, else one run for each, side by side.

What a stage allocates is counted: the batch and the outputs are tensors of the caller's scope, disposed of as soon as
they are not needed. Each output is copied once, from ONNX Runtime's arena, and decoded from that copy.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from humanrt.engine import Engine, internals
from humanrt.errors import ConfigError, ModelError, ModelFormatError
from humanrt.runtime import scheduler
from humanrt.runtime.graph_model import GraphModel, StopSignal
from humanrt.runtime.side_by_side import side_by_side
from humanrt.tensors import Ledger, Tensor, values_of
from humanrt.zoo import Card, TensorSpec

# What NumPy and Python raise for arrays of another shape, or with other values, than a family decodes.
UNREADABLE = (ArithmeticError, LookupError, TypeError, ValueError)


class InputForm(NamedTuple):
    """The axes of one image in a model's input, in the order of its model card; 0 where any size is accepted."""

    height: int
    width: int
    channels: int


class HasPixels(Protocol):
    """What ``prepare`` returns: the batch, and whatever ``decode`` needs to find the way back to the image."""

    @property
    def pixels(self) -> NDArray[Any]:
        """The batch, [n, h, w, c] or [n, c, h, w]. It becomes the engine's, which may not be written any more."""


class Batch(NamedTuple):
    """A prepared batch without a way back: its model's outputs do not refer to positions in the image."""

    pixels: NDArray[Any]


Task = TypeVar("Task")
Prepared = TypeVar("Prepared", bound=HasPixels)
Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class VisionModel:
    """A loaded model, the engine that runs it, and the model card that names its inputs and outputs."""

    engine: Engine
    card: Card
    graph: GraphModel
    nodes: dict[tuple[str, ...], list[str]] = field(default_factory=dict, repr=False)
    """The graph's names of the outputs of the families that the model was run as."""

    @cached_property
    def form(self) -> InputForm:
        """The form of the model's only input. Raises ``ConfigError`` if the model card has no such input."""
        _, *pixels = self._input_shape
        return InputForm(*(length if isinstance(length, int) else 0 for length in pixels))

    @cached_property
    def fixed_form(self) -> InputForm:
        """The form of an input with fixed sizes. Raises ``ConfigError`` if the model card leaves one open."""
        form = self.form
        if 0 in form:
            raise ConfigError(
                f"the model card {self.card.name} has an input of {list(self._input_shape)}; all sizes but the first "
                "must be numbers here, because images are resized to them"
            )
        return form

    @cached_property
    def ledger(self) -> Ledger[Tensor]:
        """The ledger of the engine's tensors."""
        return internals(self.engine).registry.ledger

    @cached_property
    def on_cpu(self) -> bool:
        """Whether the model runs on the CPU."""
        return self.graph.device.kind == "cpu"

    @cached_property
    def takes_batches(self) -> bool:
        """Whether one run takes several images.

        Never on a GPU: for each new number of images ONNX Runtime prepares every convolution anew there, which takes
        seconds, where a run more takes a millisecond or two.
        """
        return self.on_cpu and self._input_shape[0] != 1

    @cached_property
    def only_input(self) -> str:
        """The graph's name of its first input."""
        return self.graph.inputs[0].name

    def input_nodes(self, names: Iterable[str]) -> list[str]:
        """Return the graph's names of inputs of the model card. Raises ``ConfigError`` if one is missing."""
        return [spec.node for spec in self._specs("inputs", self.card.inputs, names)]

    def nodes_of(self, family: "Family[Any, Any, Any]") -> list[str]:
        """Return the graph's names of a family's outputs. Raises ``ConfigError`` if the model card lacks one."""
        specs = self._specs("outputs", self.card.outputs, family.outputs)
        nodes = self.nodes[family.outputs] = [spec.signature or spec.node for spec in specs]
        return nodes

    def _specs(self, kind: str, known: Mapping[str, TensorSpec], names: Iterable[str]) -> list[TensorSpec]:
        wanted = list(names)
        if not known.keys() >= set(wanted):
            raise ConfigError(
                f"the {kind} of {self.card.name} are {', '.join(known)}; a model for {self.card.config_key} needs "
                f"{', '.join(wanted)}"
            )
        return [known[name] for name in wanted]

    @property
    def _input_shape(self) -> tuple[int | str, ...]:
        shapes = [spec.shape for spec in self.card.inputs.values()]
        if len(shapes) != 1 or len(shapes[0]) != len(InputForm._fields) + 1:
            raise ConfigError(
                f"the model card {self.card.name} has inputs of {', '.join(str(list(shape)) for shape in shapes)}; a "
                f"model for {self.card.config_key} has one, of four axes: [batch, height, width, 3], for instance"
            )
        return shapes[0]


@dataclass(frozen=True)
class Family(ABC, Generic[Task, Prepared, Found]):
    """Models whose inputs are prepared and whose outputs are decoded in one way.

    ``outputs`` names the outputs wanted, as on the model card: a card that has them all is of this family. ``Task`` is
    what the two methods need to know: settings of the configuration, a limit, regions of the image.
    """

    outputs: tuple[str, ...]

    def form(self, model: VisionModel) -> InputForm:
        """Return the form of the input; families that take any size override this. Raises ``ConfigError``."""
        return model.fixed_form

    @abstractmethod
    def prepare(self, source: NDArray[Any], form: InputForm, task: Task) -> Prepared:
        """Return the model's input for ``source``: the image, uint8 [h, w, 3] RGB, or crops of it, [n, h, w, 3]."""

    @abstractmethod
    def decode(self, outputs: Sequence[NDArray[Any]], prepared: Prepared, task: Task) -> Found:
        """Return what the outputs mean. They are read-only; views of them may be kept."""


AFamily = TypeVar("AFamily", bound=Family[Any, Any, Any])


def family_of(card: Card, families: Sequence[AFamily], kind: str) -> AFamily:
    """Return the first of ``families`` whose outputs the model card has.

    Raises ``ConfigError`` if there is none; the message lists what ``kind``, "a face detector" for instance, needs.
    """
    for family in families:
        if card.outputs.keys() >= set(family.outputs):
            return family
    known = "; ".join(", ".join(family.outputs) for family in families)
    raise ConfigError(f"the outputs of {card.name} are {', '.join(card.outputs)}; {kind} has {known}")


@dataclass(eq=False)
class Recurrence:
    """The tensors that a recurrent model passes from frame to frame.

    ``image`` is the input that takes the batch, ``inputs`` are the others, which stay the caller's. The outputs called
    ``states`` are not disposed of: after the stage ``kept`` holds them, in the caller's scope.
    """

    image: str
    inputs: Mapping[str, Tensor]
    states: tuple[str, ...] = ()
    kept: tuple[Tensor, ...] = ()


async def run_stage(
    family: Family[Task, Prepared, Found],
    model: VisionModel,
    source: Tensor | NDArray[Any],
    task: Task,
    recurrence: Recurrence | None = None,
) -> Found:
    """Run one model on an image or on crops of it and return what was decoded.

    ``source`` stays the caller's; a tensor's memory is held while it is read, also if the tensor is disposed of
    meanwhile. Tensors are allocated in the caller's scope, and none is left but those of ``recurrence``.

    Raises ``ConfigError`` if the model card does not fit the family, ``ModelFormatError`` if the outputs cannot be
    decoded, ``ModelRunError``, ``ModelDisposedError``, ``TensorDisposedError``.
    """
    stage = _Stage(family, model, source, task, recurrence)
    if model.on_cpu:
        stop = StopSignal(model.graph.run_options())
        images = await scheduler.run(stage.run_whole, stop, on_cancel=stop.set)
    else:
        images = await scheduler.run(stage.prepare_images)
    if images:
        runs = await side_by_side(*(stage.run_alone(image) for image in images))
        await scheduler.run(stage.decode_all, runs)
    return stage.found


async def run_stages(
    family: Family[Task, Prepared, Found], model: VisionModel, source: Tensor | NDArray[Any], tasks: Sequence[Task]
) -> list[Found]:
    """Run one model on an image once for each task, as ``run_stage()`` does, and return what each decoded.

    On the CPU all runs are one hop, one after the other: small runs beside a large one cost more than they take. The
    inputs are batches of one image. Raises what ``run_stage()`` raises.
    """
    if not model.on_cpu:
        return await side_by_side(*(run_stage(family, model, source, task) for task in tasks))
    stop = StopSignal(model.graph.run_options())
    stages = [_Stage(family, model, source, task, None) for task in tasks]

    def run_all() -> None:
        for stage in stages:
            if not stop.is_set:
                stage.run_whole(stop)

    await scheduler.run(run_all, on_cancel=stop.set)
    return [stage.found for stage in stages]


class _Stage(Generic[Task, Prepared, Found]):
    """One run of a model, which goes from thread to thread."""

    __slots__ = ("batch", "family", "found", "model", "prepared", "recurrence", "source", "task")

    found: Found
    prepared: Prepared
    batch: Tensor

    def __init__(
        self,
        family: Family[Task, Prepared, Found],
        model: VisionModel,
        source: Tensor | NDArray[Any],
        task: Task,
        recurrence: Recurrence | None,
    ) -> None:
        self.family = family
        self.model = model
        self.source = source
        self.task = task
        self.recurrence = recurrence

    def run_whole(self, stop: StopSignal) -> list[Tensor]:
        """Prepare, run and decode on this thread; or prepare, and return the images that must be run one by one."""
        self.prepare()
        if self.batch.shape[0] > 1 and not self.model.takes_batches:
            return self.images()
        if not stop.is_set:
            outputs = self.run(self.batch, stop)
            if not stop.is_set:
                self.decode(*outputs)
        return []

    def prepare_images(self) -> list[Tensor]:
        """Prepare, and return the images of the batch."""
        self.prepare()
        return self.images()

    def prepare(self) -> None:
        """Prepare the batch, which becomes a tensor of the scope."""
        family, model, source = self.family, self.model, self.source
        pixels = values_of(source) if isinstance(source, Tensor) else source
        self.prepared = family.prepare(pixels, family.form(model), self.task)
        self.batch = model.ledger.adopt(self.prepared.pixels)

    def run(self, batch: Tensor, stop: StopSignal) -> tuple[list[NDArray[Any]], list[Tensor]]:
        """Run the model and dispose of the batch; return the outputs, and the tensors that own them."""
        model, recurrence = self.model, self.recurrence
        if recurrence is None:
            inputs = {model.only_input: batch}
        else:
            nodes = model.input_nodes([recurrence.image, *recurrence.inputs])
            inputs = dict(zip(nodes, (batch, *recurrence.inputs.values()), strict=True))
        try:
            nodes = model.nodes.get(self.family.outputs) or model.nodes_of(self.family)
            return model.graph.run(inputs, nodes, stop)
        finally:
            batch.dispose()

    def decode(self, arrays: list[NDArray[Any]], outputs: list[Tensor]) -> None:
        """Decode the outputs, and dispose of all but the states of a recurrent model."""
        family, kept = self.family, self.recurrence.states if self.recurrence is not None else ()
        try:
            self.found = family.decode(arrays, self.prepared, self.task)
        except (ConfigError, ModelError):
            raise
        except UNREADABLE as error:
            raise self._unreadable(arrays, error) from error
        finally:
            arrays.clear()  # an error's traceback holds this frame, which must not hold the memory
            for name, output in zip(family.outputs, outputs, strict=True):
                if name not in kept:
                    output.dispose()
        if self.recurrence is not None:
            self.recurrence.kept = tuple(outputs[family.outputs.index(name)] for name in kept)

    def images(self) -> list[Tensor]:
        """Copy each image of the batch, so that each can be freed alone, and dispose of the batch."""
        batch = self.batch
        if batch.shape[0] == 1:
            return [batch]
        pixels = values_of(batch)
        tensors = [self.model.ledger.adopt(single.copy()) for single in np.split(pixels, len(pixels))]
        batch.dispose()
        return tensors

    async def run_alone(self, image: Tensor) -> tuple[list[NDArray[Any]], list[Tensor]]:
        """Run the model on one image of the batch, on a thread of its device."""
        stop = StopSignal(self.model.graph.run_options())
        run = scheduler.run if self.model.on_cpu else scheduler.run_on_gpu
        return await run(self.run, image, stop, on_cancel=stop.set)

    def decode_all(self, runs: list[tuple[list[NDArray[Any]], list[Tensor]]]) -> None:
        """Decode the outputs of one run for each image, and dispose of them."""
        arrays, outputs = runs[0]
        if len(runs) > 1:
            arrays = self._joined(runs)
            outputs = [self.model.ledger.adopt(array) for array in arrays]
        self.decode(arrays, outputs)

    def _joined(self, runs: list[tuple[list[NDArray[Any]], list[Tensor]]]) -> list[NDArray[Any]]:
        """Concatenate the outputs of one run for each image, and dispose of them."""
        try:
            return [np.concatenate(parts) for parts in zip(*(arrays for arrays, _ in runs), strict=True)]
        except ValueError as error:
            raise self._unreadable(runs[0][0], error) from error
        finally:
            for arrays, outputs in runs:
                arrays.clear()  # as in decode()
                for output in outputs:
                    output.dispose()

    def _unreadable(self, arrays: list[NDArray[Any]], error: Exception) -> ModelFormatError:
        card, rows = self.model.card, zip(self.family.outputs, arrays, strict=True)
        shapes = ", ".join(f"{name} {array.dtype} {list(array.shape)}" for name, array in rows)
        return ModelFormatError(
            f"{card.name} returned {shapes}, which cannot be decoded as the outputs of a model for "
            f"{card.config_key} ({error}): compare its model card with those of HumanRT's own models"
        )

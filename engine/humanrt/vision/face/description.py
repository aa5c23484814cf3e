"""Describing faces: which models look at their crops, and which of them has the last word."""

from collections.abc import Mapping, Sequence

from humanrt.config import Config
from humanrt.runtime import scheduler
from humanrt.runtime.side_by_side import side_by_side
from humanrt.vision.call import Models
from humanrt.vision.face import descriptor, emotion, faceres, gear, spoofing, ssrnet
from humanrt.vision.face.crop import Crops, FaceTask, Floats, Said
from humanrt.vision.model import TaskModel
from humanrt.vision.reading import reading

# By the key of the configuration that switches them on. Where two speak of the same, the later one is heard.
DESCRIBERS: Mapping[str, FaceTask] = {
    "face.emotion": emotion,
    "face.antispoof": spoofing.ANTISPOOF,
    "face.liveness": spoofing.LIVENESS,
    "face.description": faceres,
    "face.ssrnet.age": ssrnet.AGE,
    "face.ssrnet.gender": ssrnet.GENDER,
    "face.gear": gear,
    "face.mobilefacenet": descriptor,
    "face.insightface": descriptor,
}


async def describe(models: Models, crops: Crops, config: Config) -> list[Said]:
    """Let every model that is there look at all faces' crops, side by side.

    Returns what they say of each face, as fields of Face. Runs in the caller's scope, which owns all tensors made here.
    """

    async def ask(task: FaceTask, model: TaskModel) -> list[Said]:
        batch = await scheduler.run(task.prepare, crops, model.fixed_form, config.face)
        outputs = await model.run(batch, task.OUTPUTS)
        with reading(model.card, task.OUTPUTS, outputs):
            return await scheduler.run(_read, task, outputs, config)

    asked = [ask(task, models[key]) for key, task in DESCRIBERS.items() if key in models]
    said: list[Said] = [{} for _ in crops]
    for of_all in await side_by_side(*asked):
        for of_one, words in zip(said, of_all, strict=True):
            of_one |= words
    return said


def _read(task: FaceTask, outputs: Sequence[Floats], config: Config) -> list[Said]:
    """Read what a model says of each face."""
    quirks = config.compat == "human"
    return [task.decode(rows, config.face, quirks=quirks) for rows in zip(*outputs, strict=True)]

"""Where the time of one detection goes, by model and by module."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from humanrt.result import Result
from humanrt.tensors import Profile


class ModelTime(NamedTuple):
    """The runs of one model in one detection."""

    model: str
    """The name of the model, "blazeface" for instance."""
    key: str
    """The section of the configuration that names it, "face.detector" for instance."""
    runs: int
    """How often it ran: once for each face, for instance."""
    milliseconds: float
    """The time that its runs took, added up. Runs at the same time share the CPU cores."""
    share: float
    """Its part of the time of all models, 0..1. Human: ``perc``."""


@dataclass(frozen=True, eq=False)
class DetectionProfile:
    """One detection, and where its time went. ``with profile:`` is not needed: ``result`` is owned as any other."""

    result: Result
    """The result of the detection."""
    models: tuple[ModelTime, ...]
    """The models that ran, the slowest first."""
    tensors: Profile[Result]
    """What it did with tensors, as ``engine.profile()`` returns it: peak, new tensors and each single run."""

    @property
    def modules(self) -> dict[str, float]:
        """The milliseconds of the models of each module, "face" for instance, the slowest first."""
        times: defaultdict[str, float] = defaultdict(float)
        for model in self.models:
            times[model.key.partition(".")[0]] += model.milliseconds
        return dict(sorted(times.items(), key=lambda item: -item[1]))


def by_model(profile: Profile[Result], keys: Mapping[str, str]) -> DetectionProfile:
    """Return a profile by model; ``keys`` has the section of the configuration of each by its name."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for kernel in profile.kernels:
        if kernel.name in keys:
            times[kernel.name].append(kernel.milliseconds)
    total = sum(map(sum, times.values())) or 1.0
    models = [ModelTime(name, keys[name], len(each), sum(each), sum(each) / total) for name, each in times.items()]
    return DetectionProfile(profile.result, tuple(sorted(models, key=lambda model: -model.milliseconds)), profile)

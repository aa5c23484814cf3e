"""The families of body models."""

from dataclasses import dataclass

from humanrt.errors import ConfigError
from humanrt.vision.body.blazepose import BLAZEPOSE
from humanrt.vision.body.detector import BodyFamily
from humanrt.vision.body.efficientpose import EFFICIENTPOSE
from humanrt.vision.body.movenet import SEVERAL, SINGLE
from humanrt.vision.body.people import REGION_DETECTOR, RegionDetector
from humanrt.vision.body.posenet import POSENET


@dataclass(frozen=True)
class BodyFamilies:
    """The families that ``detect_bodies()`` chooses from; ``compat/`` has another instance."""

    # The first whose outputs a model card has is taken: families with a single output come last.
    bodies: tuple[BodyFamily, ...] = (POSENET, BLAZEPOSE, SEVERAL, SINGLE, EFFICIENTPOSE)
    regions: RegionDetector = REGION_DETECTOR

    def runs_for(self, limit: int) -> bool:
        """Return whether models are run if at most ``limit`` bodies are wanted."""
        return limit > 0

    def check_regions(self, family: BodyFamily, model: str) -> None:
        """Raise ``ConfigError`` if ``body.detector`` is enabled for a ``model`` that does not take regions."""
        if not family.takes_regions:
            raise ConfigError(
                f"body.detector finds the regions of bodies for blazepose, and {model} needs none: "
                "set body.detector.enabled to False, or body.model_path to blazepose-lite.json"
            )

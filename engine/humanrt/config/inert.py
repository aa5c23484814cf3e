"""The keys that are accepted and have no effect, with the reasons: the one list of them.

Each is a full key, or a pattern of ``fnmatch`` for several. A key that begins to act is removed here, and nowhere else:
``Config.validate()`` and the tests read this list.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from humanrt.config.section import Section

EVERY_FRAME = "as in Human: this model runs in every frame"

INERT: Mapping[str, str] = {
    "async": "modules always run concurrently",
    "cache_models": "models are always cached on disk",
    "debug": "messages go to the standard library's logging, whose loggers are named humanrt...",
    "software_kernels": "every operation has a kernel here",
    "validate_models": "models are always checked",
    "face.mesh.skip_*": EVERY_FRAME,
    "face.attention.skip_*": EVERY_FRAME,
    "face.iris.skip_*": EVERY_FRAME,
    "segmentation.skip_*": EVERY_FRAME,
    "face.ssrnet.min_confidence": "as in Human",
    "hand.model_path": "as in Human: hand.detector and hand.skeleton name the models",
}


def why_inert(key: str) -> str | None:
    """Return the reason why a key has no effect; None if it acts."""
    return next((reason for pattern, reason in INERT.items() if fnmatchcase(key, pattern)), None)


def inert_settings(section: Section) -> Iterator[tuple[str, str]]:
    """Yield the key and the reason of each setting of a section, inner ones included, that differs in vain."""
    defaults = vars(type(section)())
    for name, value in vars(section).items():
        if isinstance(value, Section):
            yield from inert_settings(value)
        elif value != defaults[name] and (reason := why_inert(section.key(name))):
            yield section.key(name), reason

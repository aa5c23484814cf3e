"""Which models exist, and fetching, verifying and keeping them: paths in, paths out.

``cards()`` and ``find_card()`` say what there is, and a ``Store`` brings a card's files to this machine::

    model_json = Store(default_cache_dir()).ensure(find_card("blazeface"))

Every call that touches a file blocks: call it from a worker thread.
"""

from humanrt.zoo.cards import (
    Asset,
    Card,
    CardFile,
    GitHubSource,
    InputSpec,
    NpmSource,
    Provenance,
    SampleCard,
    SamplePicture,
    Sources,
    TensorSpec,
    cards,
    find_card,
    sample_cards,
)
from humanrt.zoo.progress import OnProgress, Progress
from humanrt.zoo.store import FileReport, Store, default_cache_dir

__all__ = [
    "Asset",
    "Card",
    "CardFile",
    "FileReport",
    "GitHubSource",
    "InputSpec",
    "NpmSource",
    "OnProgress",
    "Progress",
    "Provenance",
    "SampleCard",
    "SamplePicture",
    "Sources",
    "Store",
    "TensorSpec",
    "cards",
    "default_cache_dir",
    "find_card",
    "sample_cards",
]

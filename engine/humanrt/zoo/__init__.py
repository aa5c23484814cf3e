"""The zoo: the catalogue of models, and fetching, verifying and caching their files.

``cards()`` and ``find_card()`` return model cards, and a ``Store`` fetches the files of a card::

    model_json = Store(default_cache_dir()).ensure(find_card("blazeface"))

Every call that uses a file blocks: call it on a worker thread.

``catalogue`` reads ``cards`` through ``toml_reader``. ``store`` is the public class. ``fetching`` fetches the files
that the ``cache`` lacks, from the ``web`` or through the ``clients`` of registries and an ``archive``; ``address``
fetches models from any other address. Both observe the bounds of ``transfer``. ``integrity`` verifies files.
"""

from humanrt.zoo.address import as_address, fetch_bytes, local_path
from humanrt.zoo.cache import Copy
from humanrt.zoo.cards import (
    ALIGNED_POINTS,
    Alignment,
    Asset,
    Card,
    CardFile,
    GitHubSource,
    InputSpec,
    NpmSource,
    Provenance,
    PyPISource,
    SampleCard,
    SamplePicture,
    Source,
    TensorSpec,
    Threshold,
)
from humanrt.zoo.catalogue import cards, find_card, sample_cards
from humanrt.zoo.store import FetchPlan, FileReport, Store, default_cache_dir
from humanrt.zoo.transfer import Cancelled, DownloadLimits, OnProgress, Progress, never, redact

__all__ = [
    "ALIGNED_POINTS",
    "Alignment",
    "Asset",
    "Cancelled",
    "Card",
    "CardFile",
    "Copy",
    "DownloadLimits",
    "FetchPlan",
    "FileReport",
    "GitHubSource",
    "InputSpec",
    "NpmSource",
    "OnProgress",
    "Progress",
    "Provenance",
    "PyPISource",
    "SampleCard",
    "SamplePicture",
    "Source",
    "Store",
    "TensorSpec",
    "Threshold",
    "as_address",
    "cards",
    "default_cache_dir",
    "fetch_bytes",
    "find_card",
    "local_path",
    "never",
    "redact",
    "sample_cards",
]

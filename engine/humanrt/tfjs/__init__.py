"""TF.js graph models (``model.json`` and ``.bin`` files) -> ONNX, with numpy and onnx alone.

The way of a model: ``document`` and ``weights`` read untrusted bytes, and ``reader`` makes a typed ``graph`` of them.
``translation`` declares the inputs and settles the batch; ``tracing`` and ``control_flow`` evaluate the graph backwards
from its outputs; ``ops`` translates each node, with ``layout`` to keep pictures in NCHW between convolutions;
``builder`` writes the ONNX, with ``sizes`` for shapes that are known in part. ``conversion`` puts it into a file.
"""

from humanrt.tfjs.conversion import CONVERTER_VERSION, convert, source_digest
from humanrt.tfjs.reader import source_files

__all__ = ["CONVERTER_VERSION", "convert", "source_digest", "source_files"]

"""TF.js graph models (``model.json`` and ``.bin`` files) -> ONNX, with numpy and onnx alone.

The way of a model: ``document`` and ``weights`` read untrusted bytes, and ``nodes`` and ``reader`` make a typed
``graph`` of them. ``translation`` declares the inputs and settles the batch; ``tracing`` evaluates the graph backwards
from its outputs, and ``ops`` translates each node, with ``layout`` to keep pictures in NCHW between convolutions and
``tensor_lists`` for what loops fill. Loops and conditions are ``control_flow``, which goes by their ``structure`` and
tells by ``frames`` where a node stands; ``subgraphs`` writes those that depend on the data. ``builder`` writes the
ONNX, of ``values`` whose shapes ``inference`` finds, with ``sizes`` for shapes that are known in part. ``conversion``
puts it into a file.
"""

from humanrt.tfjs.conversion import CONVERTER_VERSION, convert, source_digest
from humanrt.tfjs.reader import source_files

__all__ = ["CONVERTER_VERSION", "convert", "source_digest", "source_files"]

"""Conversion of TF.js graph models (``model.json`` and ``.bin`` files) to ONNX, with numpy and onnx only.

``document`` and ``weights`` read untrusted bytes; ``nodes`` and ``reader`` build a typed ``graph`` from them.
``translation`` declares the inputs and determines the batch; ``tracing`` evaluates the graph backwards from its
outputs, and ``ops`` translates each node, with ``layout`` to keep images in NCHW between convolutions and
``tensor_lists`` for the lists that loops fill. ``control_flow`` evaluates loops and conditions; ``structure`` finds
them, ``frames`` identifies the iteration and the branch of a node, and ``subgraphs`` writes those that depend on the
data. ``builder`` writes the ONNX nodes, with ``values`` whose shapes ``inference`` computes, and ``sizes`` for shapes
that are partly known. ``conversion`` writes the file.
"""

from humanrt.tfjs.conversion import CONVERTER_VERSION, convert, source_digest
from humanrt.tfjs.document import file_inside, file_size
from humanrt.tfjs.reader import Names, read_names, source_files
from humanrt.tfjs.weights import check_sizes

__all__ = [
    "CONVERTER_VERSION",
    "Names",
    "check_sizes",
    "convert",
    "file_inside",
    "file_size",
    "read_names",
    "source_digest",
    "source_files",
]

"""Model sources: how a path, an address, bytes or a model card becomes a file that ONNX Runtime loads.

``formats`` recognizes the format of a file, ``external`` lists and checks the external data of an ONNX model, and
``sources`` finds, fetches, hashes, copies and converts the files of a model; ``symbolic`` rewrites the inputs of an
ONNX model to those of its card, and ``repairs`` mends a model that is published with a fault. ``converted`` is a model
converted from TF.js, which can be converted again for other outputs.
"""

from humanrt.model_files.converted import ConvertedModel
from humanrt.model_files.sources import ModelFiles, ModelSource, name_of, prepare

__all__ = ["ConvertedModel", "ModelFiles", "ModelSource", "name_of", "prepare"]

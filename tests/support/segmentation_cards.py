"""Model cards of custom segmentation models, as far as decoding needs them."""

from humanrt.zoo import Card, CardFile, InputSpec, Provenance, TensorSpec

INPUT = {"node": "picture", "shape": (1, 3, 2, 4), "dtype": "float32", "meaning": "", "value_range": (0.0, 1.0)}
OUTPUT = {"shape": ("n",), "dtype": "float32", "meaning": ""}


def card(image=None, **outputs):
    """Make the card of a model called "mine"; its input and its outputs differ from the above as they are given."""
    return Card(
        name="mine",
        summary="",
        licence="",
        provenance=Provenance(authors="", origin="", licence=""),
        files=(CardFile(name="mine.onnx", sha256="0" * 64, bytes=1, path="mine.onnx"),),
        config_key="segmentation",
        inputs={"image": InputSpec(**{**INPUT, **(image or {})})},
        outputs={name: TensorSpec(node=name, **{**OUTPUT, **values}) for name, values in outputs.items()},
    )

"""Layouts: TF.js's images are NHWC, [batch, height, width, channels]; ONNX's are NCHW.

A ``Tensor`` is one TF.js tensor, and its shape is always that of TF.js. A tensor of rank 4 may exist as NHWC, NCHW or
both; a Transpose is written when the missing form is first used. So a chain of convolutions and element-wise ops stays
in NCHW, with a Transpose at each of its ends only.
"""

from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import Array, DType, Shape
from humanrt.tfjs.values import OpenValue, Value, int64

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)
PLANAR_AXIS = (0, 2, 3, 1)
"""The index in NCHW of each axis of NHWC."""


class Tensor:
    """A TF.js tensor of any known rank, in one layout or both."""

    def __init__(self, builder: Builder, *, logical: Value | None = None, planar: Value | None = None) -> None:
        self._builder = builder
        self._logical = logical
        self._planar = planar

    @property
    def logical(self) -> Value:
        """The value in TF.js's order of axes."""
        if self._logical is None:
            self._logical = self._builder.emit("Transpose", self._planar, perm=NCHW_TO_NHWC)
        return self._logical

    @property
    def planar(self) -> Value:
        """The value of a rank-4 tensor as NCHW."""
        if self._planar is None:
            self._planar = self._builder.emit("Transpose", self._logical, perm=NHWC_TO_NCHW)
        return self._planar

    @property
    def is_planar(self) -> bool:
        """Whether the tensor exists in NCHW only, so that an op in NCHW needs no Transpose."""
        return self._logical is None

    @property
    def shape(self) -> Shape:
        """The shape in TF.js's order of axes."""
        if self._logical is not None:
            return self._logical.shape
        shape = self.planar.shape
        return tuple(shape[axis] for axis in NCHW_TO_NHWC)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> DType:
        """float32, int32 or bool."""
        return self.planar.dtype if self._logical is None else self._logical.dtype

    @property
    def constant(self) -> Array | None:
        """The values, if they are known at conversion time."""
        return self._logical.constant if self._logical is not None else None


class OpenTensor:
    """An input of unknown rank. Only ops that broadcast accept it as it is."""

    def __init__(self, builder: Builder, value: OpenValue, dtype: DType) -> None:
        self._builder = builder
        self._dtype = dtype
        self.value = value

    @property
    def scalar(self) -> Tensor:
        """The input as a scalar, for all other ops: it must have one element, in any number of axes."""
        value = self._builder.emit_as(Value(None, (), self.value.dtype), "Reshape", self.value, int64([]))
        return Tensor(self._builder, logical=self._builder.cast(value, self._dtype))

    def broadcast(self, builder: Builder, target: Value, shape: Shape) -> Tensor:
        """Return the input broadcast to ``target``, the values of which are ``shape`` as far as they are known."""
        value = builder.emit_as(Value(None, shape, self.value.dtype), "Expand", self.value, target)
        return Tensor(builder, logical=builder.cast(value, self._dtype))

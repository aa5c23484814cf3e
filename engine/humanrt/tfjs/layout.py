"""NHWC against NCHW: TF.js lays pictures out as [batch, height, width, channels], ONNX wants the channels second.

A ``Tensor`` is one TF.js tensor whose shape is always TF.js's own. A rank-4 one may exist as NHWC, as NCHW or as both;
the Transpose between the two is written when somebody asks for the form that does not exist. So a chain of
convolutions and element-wise operations stays in NCHW, and Transposes appear at its two ends only.
"""

from humanrt.tfjs.builder import Builder
from humanrt.tfjs.graph import Array, DType, Shape
from humanrt.tfjs.values import OpenValue, Value, int64

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)
PLANAR_AXIS = (0, 2, 3, 1)
"""Where each NHWC axis stands in NCHW."""


class Tensor:
    """A TF.js tensor of any rank, in one layout or two."""

    def __init__(self, builder: Builder, *, logical: Value | None = None, planar: Value | None = None) -> None:
        self._builder = builder
        self._logical = logical
        self._planar = planar

    @property
    def logical(self) -> Value:
        """The value in TF.js's own order of axes."""
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
        """True while it exists in NCHW only: then it is cheaper to go on in NCHW."""
        return self._logical is None

    @property
    def shape(self) -> Shape:
        """TF.js's shape."""
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
        """Its numbers, where they are known before the model runs."""
        return self._logical.constant if self._logical is not None else None


class OpenTensor:
    """An input whose number of axes the graph leaves open. Only what broadcasts anyway can take it as it is."""

    def __init__(self, builder: Builder, value: OpenValue, dtype: DType) -> None:
        self._builder = builder
        self._dtype = dtype
        self.value = value

    @property
    def scalar(self) -> Tensor:
        """What everything else takes it for: a single number, in however many axes it comes."""
        value = self._builder.emit_as(Value(None, (), self.value.dtype), "Reshape", self.value, int64([]))
        return Tensor(self._builder, logical=self._builder.cast(value, self._dtype))

    def broadcast(self, builder: Builder, target: Value, shape: Shape) -> Tensor:
        """Return it repeated to a target, which is known to be of that shape."""
        value = builder.emit_as(Value(None, shape, self.value.dtype), "Expand", self.value, target)
        return Tensor(builder, logical=builder.cast(value, self._dtype))

"""Arithmetic on each element: the methods."""

from __future__ import annotations

from functools import partial

from humanrt.tensors.kernels import elementwise
from humanrt.tensors.kernels.run import TensorLike, run
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ElementwiseOperations:
    """Ops on each element.

    Two inputs broadcast as in NumPy; shapes that do not broadcast raise ``InputError``. The result of one input has its
    shape. Results belong to the innermost open scope, else to the caller.
    """

    _ledger: Ledger[Tensor]

    # -- two inputs

    def add(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a + b`` in the dtype that both are upcast to; integers wrap. TF.js: ``tf.add``.

        For bools it is True where one of them is.
        """
        return run(self._ledger, "add", elementwise.add, a, b)

    def sub(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a - b`` in the dtype that both are upcast to; integers wrap. TF.js: ``tf.sub``.

        For bools it is True where they differ.
        """
        return run(self._ledger, "sub", elementwise.sub, a, b)

    def mul(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a * b`` in the dtype that both are upcast to; integers wrap. TF.js: ``tf.mul``.

        For bools it is True where both are.
        """
        return run(self._ledger, "mul", elementwise.mul, a, b)

    def div(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a / b`` in the dtype that both are upcast to. TF.js: ``tf.div``.

        As in TF.js, integers give integers, rounded down, and 0 where ``b`` is 0; ``Tensor / Tensor`` gives floats.
        """
        return run(self._ledger, "div", elementwise.div, a, b)

    def floor_div(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a / b`` rounded down, so that -7 by 2 is -4. TF.js: ``tf.floorDiv``.

        As in TF.js, the dtype is int32, or the integer dtype that both are upcast to, and the result is 0 where the
        quotient is not finite. ``Tensor // Tensor`` of floats gives floats.
        """
        return run(self._ledger, "floor_div", elementwise.floor_div, a, b)

    def mod(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return the remainder of ``floor_div``, in the dtype that both are upcast to. TF.js: ``tf.mod``.

        It has the sign of ``b``. Where ``b`` is 0 it is NaN, or 0 for integers.
        """
        return run(self._ledger, "mod", elementwise.mod, a, b)

    def pow(self, base: TensorLike, exponent: TensorLike) -> Tensor:
        """Return ``base ** exponent`` in the dtype that both are upcast to. TF.js: ``tf.pow``.

        Integers wrap; with a negative exponent they are truncated towards 0, as in TF.js: 2 ** -1 is 0. A negative
        float to a fractional power is NaN. As in IEEE 754, and unlike in JavaScript, 1 to the power of NaN is 1.
        """
        return run(self._ledger, "pow", elementwise.power, base, exponent)

    def minimum(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return the smaller of each pair, in the dtype that both are upcast to. TF.js: ``tf.minimum``.

        It is NaN where one of the two is; bools give int32.
        """
        return run(self._ledger, "minimum", elementwise.minimum, a, b)

    def maximum(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return the larger of each pair, in the dtype that both are upcast to. TF.js: ``tf.maximum``.

        It is NaN where one of the two is; bools give int32.
        """
        return run(self._ledger, "maximum", elementwise.maximum, a, b)

    # -- one input; the result has its dtype

    def neg(self, x: TensorLike) -> Tensor:
        """Return ``-x``; uint8 wraps, bools are unchanged. TF.js: ``tf.neg``."""
        return run(self._ledger, "neg", elementwise.neg, x)

    def abs(self, x: TensorLike) -> Tensor:
        """Return the absolute value; the lowest int32 or int64 is unchanged, because it wraps. TF.js: ``tf.abs``."""
        return run(self._ledger, "abs", elementwise.absolute, x)

    def square(self, x: TensorLike) -> Tensor:
        """Return ``x * x``; integers wrap. TF.js: ``tf.square``."""
        return run(self._ledger, "square", elementwise.square, x)

    def relu(self, x: TensorLike) -> Tensor:
        """Return ``x``, and 0 where it is negative; NaN stays NaN. TF.js: ``tf.relu``."""
        return run(self._ledger, "relu", elementwise.relu, x)

    def clip_by_value(self, x: TensorLike, clip_value_min: float, clip_value_max: float) -> Tensor:
        """Return ``x`` limited to ``clip_value_min`` .. ``clip_value_max``. TF.js: ``tf.clipByValue``.

        NaN stays NaN, except that it becomes the limit if the two are equal, as in TF.js. For integers the limits are
        truncated. Raises ``InputError`` unless ``clip_value_min <= clip_value_max``.
        """
        limited = partial(elementwise.clip, low=clip_value_min, high=clip_value_max)
        return run(self._ledger, "clip_by_value", limited, x)

    # -- one input; float16 gives float16, every other dtype float32 (TF.js rejects most others)

    def exp(self, x: TensorLike) -> Tensor:
        """Return e to the power of ``x``: float16 for float16, else float32. TF.js: ``tf.exp``."""
        return run(self._ledger, "exp", elementwise.exp, x)

    def log(self, x: TensorLike) -> Tensor:
        """Return the natural logarithm, -inf of 0, NaN below: float16 for float16, else float32. TF.js: ``tf.log``."""
        return run(self._ledger, "log", elementwise.log, x)

    def sqrt(self, x: TensorLike) -> Tensor:
        """Return the square root, NaN below 0: float16 for float16, else float32. TF.js: ``tf.sqrt``."""
        return run(self._ledger, "sqrt", elementwise.sqrt, x)

    def rsqrt(self, x: TensorLike) -> Tensor:
        """Return 1 / sqrt(x), inf for 0 and NaN below: float16 for float16, else float32. TF.js: ``tf.rsqrt``."""
        return run(self._ledger, "rsqrt", elementwise.rsqrt, x)

    def sigmoid(self, x: TensorLike) -> Tensor:
        """Return 1 / (1 + exp(-x)): float16 for float16, else float32. TF.js: ``tf.sigmoid``."""
        return run(self._ledger, "sigmoid", elementwise.sigmoid, x)

    def tanh(self, x: TensorLike) -> Tensor:
        """Return the hyperbolic tangent: float16 for float16, else float32. TF.js: ``tf.tanh``."""
        return run(self._ledger, "tanh", elementwise.tanh, x)

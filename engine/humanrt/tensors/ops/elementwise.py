"""Arithmetic on every element: the methods."""

from __future__ import annotations

from functools import partial

from humanrt.tensors.kernels import elementwise
from humanrt.tensors.kernels.run import TensorLike, run
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.tensor import Tensor


class ElementwiseOperations:
    """Ops on every element. Two inputs are broadcast as in NumPy; the result of one input has its shape."""

    _ledger: Ledger[Tensor]

    # -- of two

    def add(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a + b`` in the dtype both are upcast to; integers wrap, bools or.

        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "add", elementwise.add, a, b)

    def sub(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a - b`` in the dtype both are upcast to; integers wrap, of bools True where they differ.

        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "sub", elementwise.sub, a, b)

    def mul(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a * b`` in the dtype both are upcast to; integers wrap, bools and.

        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "mul", elementwise.mul, a, b)

    def div(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a / b`` in the dtype both are upcast to.

        As in TF.js integers give integers, rounded down, 0 where ``b`` is 0; ``Tensor / Tensor`` gives floats instead.
        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "div", elementwise.div, a, b)

    def floor_div(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return ``a / b`` rounded down: -7 by 2 is -4.

        As in TF.js the result is of integers: int32, or the integer dtype that both are upcast to. It is 0 where the
        quotient is not finite. ``Tensor // Tensor`` leaves floats floats instead. Shapes broadcast, else InputError.
        The result is the caller's.
        """
        return run(self._ledger, "floor_div", elementwise.floor_div, a, b)

    def mod(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return what ``floor_div`` leaves of ``a``, in the dtype both are upcast to; it has the sign of ``b``.

        Where ``b`` is 0 it is NaN, of integers 0. Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "mod", elementwise.mod, a, b)

    def pow(self, base: TensorLike, exponent: TensorLike) -> Tensor:
        """Return ``base ** exponent`` in the dtype both are upcast to.

        Integers wrap; with a negative exponent they are cut towards 0, as in TF.js: 2 ** -1 is 0. A negative float with
        a fraction for exponent is NaN. Unlike JavaScript's, but as in IEEE 754, 1 to any power is 1, of NaN too.
        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "pow", elementwise.power, base, exponent)

    def minimum(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return the smaller of each two, NaN where one is NaN, in the dtype both are upcast to; bools give int32.

        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "minimum", elementwise.minimum, a, b)

    def maximum(self, a: TensorLike, b: TensorLike) -> Tensor:
        """Return the larger of each two, NaN where one is NaN, in the dtype both are upcast to; bools give int32.

        Shapes broadcast, else InputError. The result is the caller's.
        """
        return run(self._ledger, "maximum", elementwise.maximum, a, b)

    # -- of one, in its dtype

    def neg(self, x: TensorLike) -> Tensor:
        """Return ``-x`` in its shape and dtype; uint8 wraps, bools stay. The result is the caller's."""
        return run(self._ledger, "neg", elementwise.neg, x)

    def abs(self, x: TensorLike) -> Tensor:
        """Return ``|x|`` in its shape and dtype; the lowest integer stays as it is. The result is the caller's."""
        return run(self._ledger, "abs", elementwise.absolute, x)

    def square(self, x: TensorLike) -> Tensor:
        """Return ``x * x`` in its shape and dtype; integers wrap. The result is the caller's."""
        return run(self._ledger, "square", elementwise.square, x)

    def relu(self, x: TensorLike) -> Tensor:
        """Return ``x``, and 0 for what is less, in its shape and dtype; NaN stays. The result is the caller's."""
        return run(self._ledger, "relu", elementwise.relu, x)

    def clip_by_value(self, x: TensorLike, clip_value_min: float, clip_value_max: float) -> Tensor:
        """Return ``x`` limited to a range, in its shape and dtype. The result is the caller's.

        NaN stays, unless the two limits are the same, as in TF.js. For integers the limits are cut to integers. Raises
        InputError unless ``clip_value_min <= clip_value_max``.
        """
        limited = partial(elementwise.clip, low=clip_value_min, high=clip_value_max)
        return run(self._ledger, "clip_by_value", limited, x)

    # -- of one, floats: float16 stays float16, integers and bools give float32 (most of which TF.js refuses)

    def exp(self, x: TensorLike) -> Tensor:
        """Return e to the power of ``x``: float16, or else float32. The result is the caller's."""
        return run(self._ledger, "exp", elementwise.exp, x)

    def log(self, x: TensorLike) -> Tensor:
        """Return the natural logarithm, -inf of 0 and NaN below: float16, or else float32.

        The result is the caller's.
        """
        return run(self._ledger, "log", elementwise.log, x)

    def sqrt(self, x: TensorLike) -> Tensor:
        """Return the square root, NaN below 0: float16, or else float32. The result is the caller's."""
        return run(self._ledger, "sqrt", elementwise.sqrt, x)

    def rsqrt(self, x: TensorLike) -> Tensor:
        """Return 1 / sqrt(x), inf for 0, NaN below: float16, or else float32. The result is the caller's."""
        return run(self._ledger, "rsqrt", elementwise.rsqrt, x)

    def sigmoid(self, x: TensorLike) -> Tensor:
        """Return 1 / (1 + exp(-x)): float16, or else float32. The result is the caller's."""
        return run(self._ledger, "sigmoid", elementwise.sigmoid, x)

    def tanh(self, x: TensorLike) -> Tensor:
        """Return the hyperbolic tangent: float16, or else float32. The result is the caller's."""
        return run(self._ledger, "tanh", elementwise.tanh, x)

"""The last step of models whose graph stops before it."""

import numpy as np
from numpy.typing import NDArray


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn logits into probabilities, in the form that cannot overflow."""
    half = np.float32(0.5)
    probabilities: NDArray[np.float32] = half + half * np.tanh(half * logits)
    return probabilities


def softmax(logits: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Turn logits into probabilities that add up to 1 along ``axis``, in the form that cannot overflow."""
    powers = np.exp(logits - logits.max(axis, keepdims=True))
    probabilities: NDArray[np.float32] = powers / powers.sum(axis, keepdims=True)
    return probabilities

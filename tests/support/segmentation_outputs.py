"""Outputs of segmentation models, and what they are known to mean."""

import numpy as np

# -- video matting, of an image of 1 x 3

ALPHA = np.float32([0.999, 0.5, 0.0]).reshape(1, 1, 3, 1)
FOREGROUND = np.repeat(np.float32([0.5, 1.0, 0.0]).reshape(1, 1, 3, 1), 3, axis=3)
STATE = np.arange(2 * 3 * 16, dtype=np.float32).reshape(1, 2, 3, 16) / 48 - 1
MATTING_OUTPUTS = [FOREGROUND, ALPHA, STATE, *(np.zeros((1, 1, 1, 1), np.float32),) * 3]


def state_columns():
    """The planes of STATE as TF.js's unstack, concat and split lay them out, one plane after the other."""
    planes = [STATE[0, ..., i] for i in range(16)]
    columns = [np.concatenate(planes[4 * i : 4 * i + 4], axis=0) for i in range(4)]
    return np.concatenate(columns, axis=1)

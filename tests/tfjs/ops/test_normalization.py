"""Normalisation against NumPy."""

import numpy as np
import pytest

from humanrt.errors import ModelFormatError


@pytest.mark.parametrize("op", ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_batch_norm(evaluate, known, rng, op, layout):
    x = rng.normal(size=(2, 3, 4, 3)).astype(np.float32)
    scale, offset, mean, variance = rng.uniform(0.5, 2, (4, 3)).astype(np.float32)
    expected = (x - mean) / np.sqrt(variance + 0.01) * scale + offset
    given = x if layout == "NHWC" else x.transpose(0, 3, 1, 2)
    result = evaluate(op, given, *map(known, (scale, offset, mean, variance)), data_format=layout, epsilon=0.01)
    np.testing.assert_allclose(
        result if layout == "NHWC" else result.transpose(0, 2, 3, 1), expected, rtol=1e-4, atol=1e-5
    )


def test_statistics_that_do_not_fit(evaluate, known):
    with pytest.raises(ModelFormatError, match="do not fit an input of 3 channels"):
        evaluate("FusedBatchNormV3", np.ones((1, 2, 2, 3), np.float32), *[known([1.0, 2.0])] * 4)

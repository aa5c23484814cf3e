"""Factors of matrices, where TF.js has no answer; its values are in tests/peer."""

import numpy as np
import pytest

from humanrt.errors import InputError

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(2, 3, 2), (2, 2, 4), (1, 2, 3, 3), (0, 3, 2)])
@pytest.mark.parametrize("full_matrices", [False, True])
def test_batches_are_factored_one_by_one(values, shape, full_matrices):
    x = RNG.uniform(-1, 1, shape).astype(np.float32)
    q, r = values("linalg.qr", x, full_matrices)
    expected = np.linalg.qr(x, "complete" if full_matrices else "reduced")
    assert (q.shape, r.shape) == (expected.Q.shape, expected.R.shape)
    np.testing.assert_allclose(q @ r, x, atol=1e-6)
    np.testing.assert_allclose(np.abs(r), np.abs(expected.R), atol=1e-6)
    np.testing.assert_array_equal(r, np.triu(r))


def test_a_column_of_zeros_is_finite(values):
    """TF.js divides by its length."""
    q, r = values("linalg.qr", [[0.0, 3.0], [0.0, 4.0]])
    np.testing.assert_allclose(q @ r, [[0, 3], [0, 4]], atol=1e-6)
    np.testing.assert_allclose(q.T @ q, np.eye(2), atol=1e-6)


@pytest.mark.parametrize(("dtype", "expected"), [("float16", "float16"), ("int32", "float32"), ("bool", "float32")])
def test_dtypes(values, dtype, expected):
    assert [factor.dtype for factor in values("linalg.qr", np.eye(2, dtype=dtype))] == [expected, expected]


def test_vectors_are_refused(values):
    with pytest.raises(InputError, match=r"qr\(\) of float32 \(2,\): a matrix has two axes or more"):
        values("linalg.qr", [1.0, 2.0])

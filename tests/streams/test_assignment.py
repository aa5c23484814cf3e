from itertools import permutations

import numpy as np
import pytest

from humanrt.streams.assignment import assign


def best_sum(scores, least):
    """Return the greatest sum over ``least`` of all assignments, by trying each."""
    rows, columns = sorted(scores.shape)
    table = scores if scores.shape[0] <= scores.shape[1] else scores.T
    gains = np.maximum(table - least, 0)
    return max(sum(gains[i, j] for i, j in enumerate(chosen)) for chosen in permutations(range(columns), rows))


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (5, 3), (6, 6)])
@pytest.mark.parametrize("least", [0.0, 0.5])
def test_the_sum_is_the_greatest(shape, least):
    rng = np.random.default_rng(7)
    for _ in range(20):
        scores = rng.random(shape)
        scores[rng.random(shape) < 0.3] = -np.inf
        pairs = assign(scores, least)
        assert all(scores[pair] >= least for pair in pairs)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
        assert sum(scores[pair] - least for pair in pairs) == pytest.approx(best_sum(scores, least))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nothing_is_assigned_to_nothing(shape):
    assert assign(np.zeros(shape), 0.0) == []

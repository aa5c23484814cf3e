"""The comparison of embeddings is Human's, for 1,000 pairs and every option."""

import numpy as np
import pytest

from humanrt import match

OPTIONS = [
    None,
    {"order": 2},
    {"order": 3},
    {"order": 1},
    {"order": 2.5},
    {"multiplier": 25},
    {"multiplier": 1000},
    {"threshold": 900},
    {"min": 0.2},
    {"max": 0.8},
    {"min": 0.3, "max": 0.7},
    {"order": 2, "multiplier": 25, "threshold": 1500, "min": 0.2, "max": 0.8},
    {"order": 4, "multiplier": 10, "threshold": 400, "min": 0.1, "max": 0.9},
]


@pytest.fixture(scope="module")
def pairs():
    """1,000 pairs of embeddings, half of them positive as those of faceres, from equal ones to far ones."""
    rng = np.random.default_rng(3)
    embeddings = rng.normal(size=(1000, 96)).astype(np.float32)
    embeddings[::2] = np.maximum(embeddings[::2], 0)
    spread = rng.choice([0, 1e-3, 0.1, 0.5, 1, 2], (1000, 1))
    candidates = (embeddings + spread * rng.normal(size=(1000, 96))).astype(np.float32)
    return embeddings, candidates


@pytest.fixture(scope="module")
def humans(peer, pairs):
    return peer.human_match(*(each.tolist() for each in pairs), OPTIONS)


@pytest.mark.slow(seconds=5)
def test_1000_pairs_with_every_option(pairs, humans):
    for options, theirs in zip(OPTIONS, humans, strict=True):
        options = dict(options or {})
        finding = [match.find(one, pairs[1][i - i % 10 : i - i % 10 + 10], **options) for i, one in enumerate(pairs[0])]
        assert [found.index for found in finding] == [found["index"] for found in theirs["found"]], options
        for field in ("distance", "similarity"):
            ours = [getattr(found, field) for found in finding]
            assert ours == pytest.approx([found[field] for found in theirs["found"]], abs=1e-6), options
        options.pop("threshold", None)
        if options or theirs is humans[0]:  # a threshold alone makes the others' defaults those of a given option
            ours = [match.similarity(one, other, **options) for one, other in zip(*pairs, strict=True)]
            assert ours == pytest.approx(theirs["similarities"], abs=1e-6), options
        lengths = {name: options[name] for name in ("order", "multiplier") if name in options}
        if lengths or theirs is humans[0]:
            ours = [match.distance(one, other, **lengths) for one, other in zip(*pairs, strict=True)]
            assert ours == pytest.approx(theirs["distances"], abs=1e-6), options


def test_the_pairs_are_near_and_far(humans):
    """Otherwise the comparison would prove little."""
    similarities = np.array(humans[0]["similarities"])
    assert all((similarities == edge).sum() > 50 for edge in (0, 1))
    assert len(set(similarities.tolist())) > 30

"""Damaged pictures: a documented error, or a picture within the limit; never the end of the process."""

import numpy as np
import pytest

from fuzz import picture_worker, runner
from fuzz.picture_corpus import HEIGHT, WIDTH, draw_all
from fuzz.picture_mutation import LAYOUTS, mutate
from fuzz.worker import seeded
from humanrt.errors import InputError
from humanrt.imaging.decode import decode
from humanrt.imaging.formats import READERS

CASES = 3_000
SEED = 20260101
PICTURES = draw_all()


def test_the_corpus_has_every_format():
    assert {valid.format for valid in PICTURES} == READERS.keys() == LAYOUTS.keys()


@pytest.mark.parametrize("valid", PICTURES, ids=lambda valid: valid.kind)
def test_the_valid_pictures_decode_also_when_taken_apart_and_joined(valid):
    layout = LAYOUTS[valid.format]
    joined = layout.join(layout.split(valid.data))
    pixels = decode(joined, max_pixels=WIDTH * HEIGHT)
    assert pixels.size == WIDTH * HEIGHT * 3
    np.testing.assert_array_equal(pixels, decode(valid.data, max_pixels=WIDTH * HEIGHT))


@pytest.mark.slow(20)
def test_only_documented_errors_are_raised_and_the_limit_is_kept(tmp_path):
    report = runner.run(tmp_path, CASES, SEED, runner.PICTURES)
    assert report.failures == []
    assert sum(report.counts.values()) == CASES
    outcomes = {(valid.kind, outcome) for valid in PICTURES for outcome in ("decoded", "refused")}
    assert report.counts.keys() == outcomes, "damage that never, or always, invalidates a picture tests nothing"


def test_a_case_is_deterministic():
    changed = 0
    for case in range(30):
        for valid in PICTURES:
            first, second = (mutate(valid, seeded(1, case)) for _ in range(2))
            assert first == second
            changed += first != valid.data
    assert changed > 25 * len(PICTURES)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (InputError("wrong"), "refused"),
        (KeyError("x"), "KeyError: 'x'"),
        (np.zeros((5, 6, 3), np.uint8), "decoded"),
        (np.zeros((5, 6), np.uint8), "ValueError"),
        (np.zeros((5, 6, 4), np.uint8), "has the shape (5, 6, 4)"),
        (np.zeros((3_000, 3_000, 3), np.uint8), "has the shape (3000, 3000, 3)"),
        (np.zeros((0, 6, 3), np.uint8), "has the shape (0, 6, 3)"),
    ],
)
def test_the_outcome_of_a_case(monkeypatch, result, outcome):
    def decodes(data, *, max_pixels):
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(picture_worker, "decode", decodes)
    assert outcome in picture_worker.attempt(PICTURES[0], 0, 0)

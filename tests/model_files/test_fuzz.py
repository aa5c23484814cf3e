"""Damaged ONNX models, with external data: a documented error, or a model; never the end of the process."""

import pytest

from fuzz import onnx_worker, runner
from fuzz.onnx_corpus import DRAWINGS, draw_all, write
from fuzz.onnx_mutation import mutate
from fuzz.worker import seeded
from humanrt.engine import internals
from humanrt.errors import ModelFormatError

CASES = 1_000
SEED = 20260101
MODELS = {valid.name: valid for valid in draw_all()}


@pytest.mark.parametrize("name", [draw.__name__ for draw in DRAWINGS])
def test_the_valid_models_load(engine, tmp_path, name):
    valid = MODELS[name]
    assert valid.files, "each has external data"
    internals(engine).load(write(tmp_path / "model", valid.data, valid.files)).dispose()


@pytest.mark.slow
def test_only_documented_errors_are_raised(tmp_path):
    report = runner.run(tmp_path, CASES, SEED, runner.ONNX)
    assert report.failures == []
    assert sum(report.counts.values()) == CASES
    outcomes = {(name, outcome) for name in MODELS for outcome in ("loaded", "refused")}
    assert report.counts.keys() == outcomes, "damage that never, or always, invalidates a model tests nothing"


def test_a_case_is_deterministic():
    changed = 0
    for case in range(100):
        for valid in MODELS.values():
            first, second = (mutate(valid, seeded(1, case)) for _ in range(2))
            assert first == second
            changed += first != (valid.data, valid.files)
    assert changed > 80 * len(MODELS)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ModelFormatError("wrong"), "refused"), (KeyError("x"), "KeyError: 'x'"), (None, "loaded")],
)
def test_the_outcome_of_a_case(engine, tmp_path, monkeypatch, error, outcome):
    class Loaded:
        def dispose(self):
            """Release nothing."""

    def load(*_, **__):
        if error is not None:
            raise error
        return Loaded()

    monkeypatch.setattr(internals(engine), "load", load)
    assert outcome in onnx_worker.attempt(MODELS["products"], 0, 0, engine, tmp_path)

"""Damaged models: conversion raises ``ModelFormatError``, or returns a model that passes onnx's checker."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repetitions import DAMAGED_MODELS

from fuzz import runner, worker
from fuzz.corpus import DRAWINGS, add_model, write_corpus
from fuzz.mutation import mutate
from humanrt.errors import ModelFormatError
from humanrt.tfjs import convert
from humanrt.tfjs.control_flow import CONTROL_FLOW
from humanrt.tfjs.nodes import ARGUMENT
from humanrt.tfjs.ops.table import TABLE
from humanrt.zoo import Store, default_cache_dir, find_card

SEED = 20260101
PUBLISHED = ["emotion", "handtrack"]
"""Two published models. The second has loops, lists and non-maximum suppression."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder of the valid models."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    return folder


@pytest.fixture
def valid_models(corpus):
    return worker.load(corpus)


def test_the_corpus_uses_every_op(corpus):
    documents = [json.loads(path.read_text())["modelTopology"] for path in corpus.glob("*/model.json")]
    functions = [function for document in documents for function in document["library"].get("function", [])]
    nodes = [document["node"] for document in documents] + [function["nodeDef"] for function in functions]
    used = {node["op"] for some in nodes for node in some}
    assert not (TABLE.keys() | CONTROL_FLOW.keys()) - used - {ARGUMENT}


@pytest.mark.parametrize("name", [draw.__name__ for draw in DRAWINGS])
def test_the_valid_models_convert(corpus, run, name):
    destination = corpus / name / "valid.onnx"
    convert(corpus / name / "model.json", destination)
    assert destination.exists()


@pytest.mark.slow(10)
@pytest.mark.soak
def test_only_documented_errors_are_raised(corpus, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(corpus, folder)
    for name in PUBLISHED:
        add_model(folder, f"published_{name}", Store(default_cache_dir()).ensure(find_card(name)))
    report = runner.run(folder, DAMAGED_MODELS, SEED)
    assert report.failures == []
    assert sum(report.counts.values()) == DAMAGED_MODELS
    outcomes = {(path.name, outcome) for path in folder.iterdir() for outcome in ("converted", "refused")}
    assert report.counts.keys() == outcomes, "damage that never, or always, invalidates a model tests nothing"


def test_a_case_is_deterministic(valid_models):
    ops, changed = ["Neg", "Mul"], 0
    for case in range(50):
        valid = worker.pick(valid_models, case, worker.seeded(1, case))
        first, second = (mutate(valid, ops, worker.seeded(1, case)) for _ in range(2))
        assert first == second
        changed += first != (valid.text, valid.weights)
    assert changed > 40


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(ModelFormatError("wrong"), "refused"), (KeyError("x"), "KeyError: 'x'"), (None, "converted")],
)
def test_the_outcome_of_a_case(valid_models, tmp_path, monkeypatch, error, outcome):
    def converts(model_json, destination):
        if error is not None:
            raise error
        convert(valid_json, destination)

    valid_json = tmp_path / "sound" / "model.json"
    valid_json.parent.mkdir()
    valid_json.write_bytes(valid_models[0].text)
    (valid_json.parent / worker.WEIGHTS).write_bytes(valid_models[0].weights)
    monkeypatch.setattr(worker, "convert", converts)
    assert outcome in worker.attempt(valid_models[0], ["Neg"], worker.seeded(0, 0), tmp_path)


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_worker_that_dies_is_replaced(tmp_path, end):
    """Case 4 ends its worker, whose last output is kept; the other cases are run."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import json, os, sys\n"
        "for case in range(*map(int, sys.argv[3:])):\n"
        "    print(json.dumps([case, 'm']), flush=True)\n"
        f"    if case == 4: print('farewell', file=sys.stderr, flush=True); {end}\n"
        "    print(json.dumps('refused'), flush=True)\n"
    )
    report = runner.run(tmp_path, 10, 0, [str(script)])
    assert report.counts == {("m", "refused"): 9}
    ((case, what),) = [(failure.case, failure.what) for failure in report.failures]
    assert case == 4
    assert "farewell" in what


def test_a_worker_that_cannot_start(tmp_path):
    with pytest.raises(RuntimeError, match="no luck"):
        runner.run(tmp_path, 10, 0, ["-c", "raise SystemExit('no luck')"])


@pytest.mark.slow
def test_the_command(corpus):
    """One seed with a few cases, and an additional model."""
    tool = Path(__file__).parents[2] / "tools" / "fuzz"
    model = corpus / "functions" / "model.json"
    command = [sys.executable, tool, "--seconds", "0.01", "--cases", "20", "--seed", "7", "--formats", "tfjs", model]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"seed 7, fuzz\.worker: \{'converted': \d+, 'refused': \d+\}, 0 failed\n", done.stdout)

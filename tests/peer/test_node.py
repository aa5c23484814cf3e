"""The client of the peer process finds Node, never hangs and never mixes up answers."""

import json

import numpy as np
import pytest

from parity.errors import NodeUnavailableError, PeerError, RefusedError
from parity.install import MODELS, ROOM
from parity.node import Peer, find_node

EMOTION = MODELS / "emotion.json"


@pytest.fixture
def gray():
    return np.random.default_rng(5).random((1, 64, 64, 1), np.float32)


def test_without_node_the_error_names_the_missing_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeUnavailableError, match="no node and npm on PATH"):
        find_node()


@pytest.mark.usefixtures("peer")
def test_an_old_node_raises(monkeypatch):
    monkeypatch.setattr("parity.node.OLDEST_NODE", (999, 0))
    with pytest.raises(NodeUnavailableError, match=r"node is v\d+\.\d+\.\d+; the peers need"):
        find_node()


def test_the_versions_are_those_of_package_json(peer):
    wanted = json.loads((ROOM / "package.json").read_text())["dependencies"]
    versions = peer.versions()
    assert versions["tfjs"] == wanted["@tensorflow/tfjs-core"] == wanted["@tensorflow/tfjs-converter"]
    assert versions["human"] == wanted["@vladmandic/human"]


def test_selected_outputs_have_the_names_of_their_nodes(peer, gray):
    probabilities = peer.execute(EMOTION, {"input_1": gray})["Identity"]
    assert probabilities.shape == (1, 7)
    assert probabilities.dtype == np.float32
    again = peer.execute(EMOTION, {"input_1": gray}, outputs=["Identity"])
    np.testing.assert_array_equal(again["Identity"], probabilities)


@pytest.fixture
def arithmetic(tmp_path):
    """A graph model of (x + big) - big, and of y as a float."""
    placeholders = [
        {"name": name, "op": "Placeholder", "attr": {"dtype": {"type": dtype}, "shape": {"shape": {}}}}
        for name, dtype in (("x", "DT_FLOAT"), ("big", "DT_FLOAT"), ("y", "DT_INT32"))
    ]
    cast = {"SrcT": {"type": "DT_INT32"}, "DstT": {"type": "DT_FLOAT"}}
    nodes = [
        {"name": "sum", "op": "AddV2", "input": ["x", "big"], "attr": {"T": {"type": "DT_FLOAT"}}},
        {"name": "same", "op": "Sub", "input": ["sum", "big"], "attr": {"T": {"type": "DT_FLOAT"}}},
        {"name": "float", "op": "Cast", "input": ["y"], "attr": cast},
    ]
    topology = {"node": placeholders + nodes, "versions": {}}
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"format": "graph-model", "modelTopology": topology, "weightsManifest": []}))
    return path


@pytest.mark.parametrize(("precision", "same"), [("float32", 0.0), ("float64", 1.0)])
def test_in_float64_nothing_is_rounded(peer, arithmetic, precision, same):
    inputs = {"x": np.float32(1), "big": np.float32(2**30), "y": np.int32(7)}
    outputs = peer.execute(arithmetic, {name: np.array(value) for name, value in inputs.items()}, precision=precision)
    assert outputs["same"] == same
    assert outputs["float"] == 7
    assert {array.dtype.name for array in outputs.values()} == {"float32"}


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_time_of_a_run(peer, gray, backend):
    assert 0 < peer.time(EMOTION, {"input_1": gray}, backend=backend) < 60_000


def test_an_error_has_a_reason_of_one_line(peer, arithmetic):
    with pytest.raises(RefusedError) as refused:
        peer.time(arithmetic, {"x": np.zeros((), np.float32)}, backend="wasm")
    assert "big" in refused.value.reason
    assert "\n" not in refused.value.reason


def test_human_does_not_change_results_of_tfjs(peer, gray):
    before = peer.execute(EMOTION, {"input_1": gray})
    peer.human(np.zeros((32, 32, 3), np.uint8), {})
    after = peer.execute(EMOTION, {"input_1": gray})
    np.testing.assert_array_equal(after["Identity"], before["Identity"])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [({"wrong": np.zeros(1, np.float32)}, "wrong"), ({"input_1": np.zeros((1, 64, 64, 1))}, "float64")],
)
def test_after_an_error_of_tfjs_the_process_continues(peer, gray, inputs, words):
    process = peer._process
    with pytest.raises(PeerError, match=words):
        peer.execute(EMOTION, inputs)
    assert peer._process is process or process is None
    assert peer.execute(EMOTION, {"input_1": gray})["Identity"].shape == (1, 7)


def test_a_process_that_ends_is_reported_with_its_stderr_and_replaced(peer):
    with pytest.raises(PeerError, match="The shape of dict"):
        peer.human(np.zeros((0, 0, 3), np.uint8), {})
    assert peer.versions()["human"]


@pytest.mark.usefixtures("peer")
def test_a_late_answer_ends_the_process():
    with Peer(find_node(), timeout=0.001) as hurried:
        with pytest.raises(PeerError, match=r"may take 0\.001 s"):
            hurried.versions()
        assert hurried._process is None


def test_the_answer_to_an_interrupted_request_is_not_read_by_the_next(peer, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    peer.versions()
    with monkeypatch.context() as patch:
        patch.setattr(peer._process.stdout, "readline", interrupt, raising=True)
        with pytest.raises(KeyboardInterrupt):
            peer.execute(EMOTION, {})
    assert peer.versions()["human"]

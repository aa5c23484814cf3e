"""The client of the peer process: it finds Node, and it never hangs and never mixes up answers."""

import json

import numpy as np
import pytest

from parity.errors import NodeUnavailableError, PeerError
from parity.install import MODELS, ROOM
from parity.node import Peer, find_node

EMOTION = MODELS / "emotion.json"


@pytest.fixture
def gray():
    return np.random.default_rng(5).random((1, 64, 64, 1), np.float32)


def test_without_node_the_reason_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeUnavailableError, match="no node and npm on PATH"):
        find_node()


@pytest.mark.usefixtures("peer")
def test_a_node_that_is_too_old_is_named(monkeypatch):
    monkeypatch.setattr("parity.node.OLDEST_NODE", (999, 0))
    with pytest.raises(NodeUnavailableError, match=r"node is v\d+\.\d+\.\d+; the peers need"):
        find_node()


def test_the_versions_that_run_are_the_ones_asked_for(peer):
    wanted = json.loads((ROOM / "package.json").read_text())["dependencies"]
    versions = peer.versions()
    assert versions["tfjs"] == wanted["@tensorflow/tfjs-core"] == wanted["@tensorflow/tfjs-converter"]
    assert versions["human"] == wanted["@vladmandic/human"]


def test_asked_for_nodes_come_by_the_names_asked(peer, gray):
    probabilities = peer.execute(EMOTION, {"input_1": gray})["Identity"]
    assert probabilities.shape == (1, 7)
    assert probabilities.dtype == np.float32
    again = peer.execute(EMOTION, {"input_1": gray}, outputs=["Identity"])
    np.testing.assert_array_equal(again["Identity"], probabilities)


def test_human_leaves_tfjs_as_it_was(peer, gray):
    before = peer.execute(EMOTION, {"input_1": gray})
    peer.human(np.zeros((32, 32, 3), np.uint8), {})
    after = peer.execute(EMOTION, {"input_1": gray})
    np.testing.assert_array_equal(after["Identity"], before["Identity"])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [({"wrong": np.zeros(1, np.float32)}, "wrong"), ({"input_1": np.zeros((1, 64, 64, 1))}, "float64")],
)
def test_what_tfjs_refuses_is_reported_and_the_process_lives_on(peer, gray, inputs, words):
    process = peer._process
    with pytest.raises(PeerError, match=words):
        peer.execute(EMOTION, inputs)
    assert peer._process is process or process is None
    assert peer.execute(EMOTION, {"input_1": gray})["Identity"].shape == (1, 7)


def test_a_process_that_dies_shows_its_last_words_and_is_replaced(peer):
    with pytest.raises(PeerError, match="The shape of dict"):
        peer.human(np.zeros((0, 0, 3), np.uint8), {})
    assert peer.versions()["human"]


@pytest.mark.usefixtures("peer")
def test_a_late_answer_ends_the_process():
    with Peer(find_node(), timeout=0.001) as hurried:
        with pytest.raises(PeerError, match=r"may take 0\.001 s"):
            hurried.versions()
        assert hurried._process is None


def test_an_interrupted_request_does_not_leave_its_answer_to_the_next(peer, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    peer.versions()
    with monkeypatch.context() as patch:
        patch.setattr(peer._process.stdout, "readline", interrupt, raising=True)
        with pytest.raises(KeyboardInterrupt):
            peer.execute(EMOTION, {})
    assert peer.versions()["human"]

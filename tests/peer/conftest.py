"""Every test in this folder runs beside the real TF.js or the real Human.

HUMANRT_PEER_MODELS chooses the models that are compared with TF.js: "all", or names with commas between them. Without
it they are Human's default models and a handful of the others, another one every day.
"""

import os
from datetime import UTC, datetime

import pytest

from humanrt.zoo import find_card
from parity.choice import default_cards, few_sources, handful, human_cards
from parity.errors import NodeUnavailableError
from parity.inputs import SOURCES
from parity.models import SideBySide
from parity.node import Peer, find_node

ASKED_FOR = os.environ.get("HUMANRT_PEER_MODELS", "")
TODAY = datetime.now(UTC).date()


def compared_cards():
    if ASKED_FOR == "all":
        return human_cards()
    if ASKED_FOR:
        return [find_card(name) for name in ASKED_FOR.split(",")]
    return [*default_cards(), *handful(TODAY)]


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.peer)


def pytest_generate_tests(metafunc):
    if "compared_card" in metafunc.fixturenames:
        metafunc.parametrize("compared_card", compared_cards(), ids=lambda card: card.name)


def pytest_terminal_summary(terminalreporter):
    names = ", ".join(card.name for card in compared_cards())
    why = f"HUMANRT_PEER_MODELS={ASKED_FOR}" if ASKED_FOR else f"Human's own, and the handful of {TODAY}"
    terminalreporter.line(f"models compared with TF.js ({why}): {names}")


@pytest.fixture(scope="session")
def peer():
    """The peer process; without a usable Node the tests that ask for it are skipped with the reason."""
    try:
        node = find_node()
    except NodeUnavailableError as reason:
        pytest.skip(str(reason))
    with Peer(node) as peer:
        yield peer


@pytest.fixture(scope="session")
def side_by_side(peer):
    with SideBySide(peer) as side_by_side:
        yield side_by_side


@pytest.fixture
def sources(compared_card):
    """What a model is fed with: everything, but in the daily run only one of each kind where a run takes seconds."""
    return SOURCES if ASKED_FOR else few_sources(compared_card)

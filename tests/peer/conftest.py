"""Every test in this folder runs beside the real TF.js or the real Human."""

import pytest

from parity.errors import NodeUnavailableError
from parity.node import Peer, find_node


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.peer)


@pytest.fixture(scope="session")
def peer():
    """The peer process; without a usable Node the tests that ask for it are skipped with the reason."""
    try:
        node = find_node()
    except NodeUnavailableError as reason:
        pytest.skip(str(reason))
    with Peer(node) as peer:
        yield peer

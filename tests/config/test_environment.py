from pathlib import Path

import pytest

from humanrt.config import Environment


def test_nothing_set(monkeypatch):
    monkeypatch.delenv("HUMANRT_CACHE_DIR", raising=False)
    monkeypatch.delenv("HUMANRT_OFFLINE", raising=False)
    assert Environment.read() == Environment(cache_dir=None, offline=False)


def test_the_cache_folder_may_start_at_home(monkeypatch):
    monkeypatch.setenv("HUMANRT_CACHE_DIR", "~/weights")
    assert Environment.read().cache_dir == Path.home() / "weights"


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_offline(monkeypatch, value, offline):
    monkeypatch.setenv("HUMANRT_OFFLINE", value)
    assert Environment.read().offline is offline

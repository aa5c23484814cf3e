import os
from pathlib import Path

import pytest

from humanrt.config import Environment
from humanrt.errors import ConfigError


def test_defaults(monkeypatch):
    monkeypatch.delenv("HUMANRT_CACHE_DIR", raising=False)
    monkeypatch.delenv("HUMANRT_OFFLINE", raising=False)
    monkeypatch.delenv("HUMANRT_CARDS", raising=False)
    monkeypatch.delenv("HUMANRT_TRACK_SITES", raising=False)
    assert Environment.read() == Environment(cache_dir=None, offline=False, cards=(), track_sites=False)


def test_the_cache_folder_may_start_at_home(monkeypatch):
    monkeypatch.setenv("HUMANRT_CACHE_DIR", "~/weights")
    assert Environment.read().cache_dir == Path.home() / "weights"


@pytest.mark.parametrize(
    ("value", "on"), [("1", True), ("yes", True), ("ON", True), ("0", False), ("false", False), ("", False)]
)
def test_switches(monkeypatch, value, on):
    monkeypatch.setenv("HUMANRT_OFFLINE", value)
    assert Environment.read().offline is on
    monkeypatch.setenv("HUMANRT_TRACK_SITES", value)
    assert Environment.read().track_sites is on


def test_a_switch_that_is_neither_on_nor_off(monkeypatch):
    monkeypatch.setenv("HUMANRT_OFFLINE", "maybe")
    with pytest.raises(ConfigError, match="HUMANRT_OFFLINE is 'maybe'; it must be 1 or 0"):
        Environment.read()


def test_cards_are_separated_as_in_path(monkeypatch):
    monkeypatch.setenv("HUMANRT_CARDS", os.pathsep.join(["~/cards", "", "more/mine.toml"]))
    assert Environment.read().cards == (Path.home() / "cards", Path("more/mine.toml"))

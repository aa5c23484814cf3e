"""The npm packages are installed once, completely or not at all."""

import os
import textwrap

import pytest

from parity.errors import PeerError
from parity.install import install

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")


@pytest.fixture
def room(tmp_path):
    (tmp_path / "package.json").write_text('{"dependencies": {"a": "1.0.0"}}')
    return tmp_path


@pytest.fixture
def npm(tmp_path):
    """Return a function that writes a stand-in for npm, which notes each run and then runs a script."""

    def make(script):
        program = tmp_path / "npm"
        program.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n" + textwrap.dedent(script))
        program.chmod(0o755)
        return program

    return make


WORKS = "mkdir -p node_modules/a && cp package.json node_modules/a/"


def runs(room):
    return (room / "runs").read_text().count("run")


def test_a_second_installation_does_nothing(room, npm):
    program = npm(WORKS)
    install(program, room)
    install(program, room)
    assert (room / "node_modules" / "a" / "package.json").exists()
    assert runs(room) == 1


def test_another_version_replaces_all_packages(room, npm):
    install(npm(WORKS), room)
    (room / "node_modules" / "old").touch()
    (room / "package.json").write_text('{"dependencies": {"a": "2.0.0"}}')
    install(npm(WORKS), room)
    assert "2.0.0" in (room / "node_modules" / "a" / "package.json").read_text()
    assert not (room / "node_modules" / "old").exists()


def test_a_failure_reports_npms_output_and_leaves_nothing(room, npm):
    with pytest.raises(PeerError, match="no such registry"):
        install(npm("mkdir node_modules; echo no such registry >&2; exit 1"), room)
    assert not (room / "node_modules").exists()
    assert list((room / "build").glob("install-*")) == []


def test_a_failure_keeps_the_packages_installed_before(room, npm):
    install(npm(WORKS), room)
    (room / "package.json").write_text('{"dependencies": {"a": "2.0.0"}}')
    with pytest.raises(PeerError):
        install(npm("exit 1"), room)
    assert "1.0.0" in (room / "node_modules" / "a" / "package.json").read_text()


def test_an_npm_that_hangs_is_stopped(room, npm, monkeypatch):
    monkeypatch.setattr("parity.install.TIMEOUT_S", 0.05)
    with pytest.raises(PeerError, match=r"longer than 0\.05 s"):
        install(npm("exec sleep 60"), room)


def test_leftovers_of_a_killed_process_are_removed(room, npm):
    leftover = room / "build" / "install-killed" / "node_modules"
    leftover.mkdir(parents=True)
    install(npm(WORKS), room)
    assert not leftover.parent.exists()
    assert (room / "node_modules" / "a").exists()

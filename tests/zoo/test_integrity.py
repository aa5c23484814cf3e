import hashlib
import json
import os

import pytest

from humanrt.errors import IntegrityError, StoreError
from humanrt.zoo import CardFile, integrity
from humanrt.zoo.integrity import forget, has_digest, install, is_intact, is_recorded, record

CONTENT = b"weights" * 100
FILE = CardFile(name="a.bin", sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def hashes(monkeypatch):
    """The files that were hashed."""
    read = []
    monkeypatch.setattr(integrity, "has_digest", lambda path, file: read.append(path) or has_digest(path, file))
    return read


def rewrite_in_place(path, content):
    """Change the content, and keep the length and the modification time."""
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_is_hashed_once(path, hashes):
    assert is_intact(path, FILE)
    assert is_intact(path, FILE)
    assert hashes == [path]


def test_a_pipe_is_no_file(path):
    path.unlink()
    os.mkfifo(path)
    assert not is_intact(path, FILE)
    assert not has_digest(path, FILE)


@pytest.mark.parametrize("place", [os.mkfifo, lambda note: note.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_a_pipe_or_a_device_in_place_of_a_note_is_ignored(path, hashes, place):
    place(path.with_name("a.bin.verified"))
    assert is_intact(path, FILE)
    assert is_intact(path, FILE)
    assert hashes == [path, path]


@pytest.mark.parametrize("note", [b"", b"{", b"[1]", b"\xff", b'{"sha256": "other"}', b"[" * 10**5])
def test_an_invalid_note_is_renewed(path, hashes, note):
    note_path = path.with_name("a.bin.verified")
    note_path.write_bytes(note)
    assert is_intact(path, FILE)
    assert hashes == [path]
    assert json.loads(note_path.read_text())["sha256"] == FILE.sha256


def test_a_copied_file_is_hashed_again(path, hashes):
    assert is_intact(path, FILE)
    os.utime(path, ns=(1, 1))
    assert is_intact(path, FILE)
    assert hashes == [path, path]


def test_a_changed_file_is_not_intact(path):
    assert is_intact(path, FILE)
    path.write_bytes(CONTENT[:-1] + b"!")
    os.utime(path, ns=(1, 1))
    assert not is_intact(path, FILE)
    path.write_bytes(CONTENT[:-1])
    assert not is_intact(path, FILE)


def test_forget_detects_a_change_that_keeps_length_and_time(path):
    assert is_intact(path, FILE)
    rewrite_in_place(path, CONTENT[:-1] + b"!")
    assert is_intact(path, FILE)  # length and time are unchanged
    forget(path)
    assert not is_intact(path, FILE)


def test_the_note_of_another_version_of_the_file_is_ignored(path):
    assert is_intact(path, FILE)
    newer = CardFile(name="a.bin", sha256="0" * 64, bytes=FILE.bytes)
    assert not is_intact(path, newer)


def test_a_missing_file_is_not_intact(tmp_path):
    assert not is_intact(tmp_path / "a.bin", FILE)
    assert not has_digest(tmp_path / "a.bin", FILE)


def test_a_note_that_cannot_be_written_is_left_out(path):
    path.with_name("a.bin.verified").mkdir()
    assert is_intact(path, FILE)


def test_a_file_that_cannot_be_read(path):
    with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
        is_intact(path / "below a file", FILE)
    with pytest.raises(StoreError, match="HUMANRT_CACHE_DIR"):
        has_digest(path / "below a file", FILE)


def test_install_moves_the_file_and_writes_the_note(path, tmp_path, hashes):
    destination = tmp_path / "models" / "a" / "a.bin"
    install(path, destination, FILE)
    assert destination.read_bytes() == CONTENT
    assert not path.exists()
    assert hashes == [path]
    assert is_intact(destination, FILE)
    assert hashes == [path]


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"!", b"!" + CONTENT[1:]])
def test_install_deletes_a_wrong_file(path, tmp_path, content):
    destination = tmp_path / "old.bin"
    destination.write_bytes(b"the old content")
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"a\.bin"):
        install(path, destination, FILE)
    assert not path.exists()
    assert destination.read_bytes() == b"the old content"


def test_a_recorded_file(path, hashes):
    assert not is_recorded(path)
    record(path)
    assert is_recorded(path)
    assert hashes == []
    rewrite_in_place(path, CONTENT[:-1] + b"!")
    assert is_recorded(path)  # length and time are unchanged
    assert not is_recorded(path, hashed=True)
    os.utime(path, ns=(1, 1))
    assert not is_recorded(path)
    path.unlink()
    assert not is_recorded(path)
    assert not is_recorded(path, hashed=True)

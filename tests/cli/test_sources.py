from pathlib import Path

import pytest

from humanrt.cli.sources import Picture, Unreadable, Video, brief, find_items
from humanrt.errors import InputError, StreamError
from humanrt.imaging import read_picture
from humanrt.imaging.capture import Capture


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with files that are never read."""
    for name in ("a.jpg", "b.PNG", "clip.mp4", "notes.txt", "inner/c.webp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments, recursive=False):
    return [item.name for item in find_items(arguments, recursive=recursive)]


def test_folders_patterns_and_files_in_their_order(folder):
    assert names("b.PNG", str(folder)) == ["b.PNG", str(folder / "a.jpg"), str(folder / "b.PNG")]
    assert names("**/*.webp", "./a.jpg") == ["inner/c.webp", "./a.jpg"]
    assert names(".", recursive=True) == ["a.jpg", "b.PNG", "inner/c.webp"]


def test_the_folder_of_the_user(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert names("~/a.jpg", "~/*.jpg") == [str(folder / "a.jpg")] * 2


def test_videos_are_files_with_their_endings_numbers_and_addresses(folder):
    address = "rtsp://user:secret@camera.example/stream?key=1"
    assert find_items(["clip.mp4", "0", "*.mp4", address], recursive=False) == [
        Video("clip.mp4", Path("clip.mp4")),
        Video("camera 0", 0),
        Video("clip.mp4", Path("clip.mp4")),
        Video("rtsp://***@camera.example/stream?***", address),
    ]
    (folder / "0").write_bytes(b"")
    assert find_items(["0"], recursive=False) == [Picture("0", "0")]


def test_arguments_without_a_picture(folder):
    items = find_items(["absent.jpg", "*.gif", "inner/.."], recursive=False)
    (folder / "empty").mkdir()
    items += find_items(["empty"], recursive=False)
    failures = [(item.name, brief(item.error, item.name)) for item in items if isinstance(item, Unreadable)]
    assert failures == [
        ("absent.jpg", "does not exist"),
        ("*.gif", "no file fits the pattern '*.gif'; ** stands for any number of folders"),
        ("empty", "no picture is in this folder; --recursive includes the folders in it"),
    ]


def test_messages_have_no_types_of_python(tmp_path):
    with pytest.raises(InputError, match="accepted are the path, the bytes") as raised:
        read_picture(None)
    assert brief(raised.value, str(tmp_path)) == "NoneType is not a picture"
    with pytest.raises(InputError) as raised:
        read_picture(str(tmp_path))
    assert brief(raised.value, str(tmp_path)) == "is a folder: name the pictures in it"


ADDRESS = "rtsp://127.0.0.1:1/x"


@pytest.mark.parametrize(
    ("source", "name", "cure"),
    [
        (10**6, "camera 1000000", "check its number and that no other program uses it"),
        (
            "rtsp://127.0.0.1:1/x",
            "rtsp://127.0.0.1:1/x",
            "check that it is that of a video, and that its server answers",
        ),
    ],
)
def test_an_error_of_a_video_names_it_once_and_no_argument_of_python(source, name, cure):
    with pytest.raises(StreamError, match="reconnect=") as raised:
        [*Capture(source, max_pixels=10**6).frames(lambda _: False)]
    assert brief(raised.value, name) == f"cannot be opened: {cure}"

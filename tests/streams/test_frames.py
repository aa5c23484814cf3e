import os

import pytest

from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2
from humanrt.streams.frames import Frames, Reading

READING = Reading(bgr=False, max_pixels=100, max_pending=1, drops=None, timeout=None, reconnect=0)


@pytest.mark.parametrize("number", [-1, -(2**40), 2**31])
def test_a_number_that_no_camera_has_is_refused_before_anything_opens(number, monkeypatch):
    monkeypatch.setattr(load_cv2(), "VideoCapture", None)
    with pytest.raises(InputError, match=f"{number} is not the number of a camera; it must be 0 or more"):
        Frames(number, READING)


@pytest.mark.parametrize(
    ("name", "message"), [("pipe.png", "is not a regular file"), ("text.png", ": unknown picture format")]
)
def test_an_error_of_a_picture_names_it_once(name, message, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "text.png").write_text("no picture")
    frames = Frames(str(tmp_path / name), READING)
    with pytest.raises(InputError) as raised:
        [*frames._of_path(str(tmp_path / name), None)]
    assert str(raised.value).count(name) == 1
    assert message in str(raised.value)

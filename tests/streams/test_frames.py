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

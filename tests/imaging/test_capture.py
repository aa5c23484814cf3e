"""Videos, cameras and addresses, frame by frame."""

import itertools
import sys

import numpy as np
import pytest
from videos import FPS, SIZE, Camera, file_at_address, frames, open_files, write_clip

from humanrt.errors import InputError, StreamError, StreamTimeoutError
from humanrt.imaging.capture import Capture
from humanrt.imaging.opencv import load_cv2

PIXELS = 10_000


def never(_):
    return False


def capture(source, **options):
    return Capture(source, **{"max_pixels": PIXELS, **options})


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip %02d: a.mkv", frames(7))


class TestFiles:
    def test_frames_are_rgb_arrays_of_their_own_with_the_time_in_the_video(self, clip):
        found = list(capture(clip).frames(never))
        np.testing.assert_array_equal([frame.pixels for frame in found], frames(7))
        assert [frame.timestamp for frame in found] == pytest.approx([number / FPS for number in range(7)])
        assert not any(frame.pixels.flags.writeable for frame in found)
        assert len({frame.pixels.ctypes.data for frame in found}) == 7

    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_closing_the_generator_closes_the_file(self, clip):
        before = open_files()
        found = capture(clip).frames(never)
        next(found)
        assert len(open_files()) == len(before) + 1
        found.close()
        assert open_files() == before

    def test_a_file_that_is_not_a_video_is_refused(self, tmp_path, capfd):
        path = tmp_path / "notes.txt"
        path.write_text("no video")
        with pytest.raises(InputError, match=r"notes\.txt' is neither a picture nor a video"):
            next(capture(path).frames(never))
        assert capfd.readouterr() == ("", "")

    def test_frames_of_too_many_pixels_are_refused(self, clip):
        with pytest.raises(InputError, match="16 x 12 = 192 pixels, the limit is 191"):
            next(capture(clip, max_pixels=SIZE[0] * SIZE[1] - 1).frames(never))

    def test_in_real_time_a_frame_waits_for_its_time(self, clip):
        waits = []
        found = list(capture(clip, realtime=True).frames(lambda seconds: waits.append(seconds) or False))
        assert len(found) == len(waits) == 7
        # This pause does not wait, so that each frame is early by less than its time.
        assert all(number / FPS - 10 < wait <= number / FPS for number, wait in enumerate(waits))
        assert waits == sorted(waits)

    def test_in_real_time_a_pause_that_is_interrupted_ends_the_frames(self, clip):
        ends = itertools.chain([False, False], itertools.repeat(True))
        assert len(list(capture(clip, realtime=True).frames(lambda _: next(ends)))) == 2


class TestAddresses:
    def test_a_camera_that_closes_the_connection_was_lost(self):
        with Camera(3) as camera:
            found = capture(camera.address, timeout=5).frames(never)
            times = [next(found).timestamp for _ in range(3)]
            with pytest.raises(StreamError, match=r"was lost.*reconnect=SECONDS") as error:
                next(found)
        assert not isinstance(error.value, StreamTimeoutError)
        assert times == sorted(times)
        assert times[0] > 1_700_000_000  # since 1970

    def test_a_camera_that_stalls_is_a_timeout(self):
        with Camera(2, stalls=True) as camera:
            found = capture(camera.address, timeout=0.2).frames(never)
            with pytest.raises(StreamTimeoutError, match=r"delivered no frame in 0\.2 s"):
                list(found)

    def test_a_camera_that_sends_nothing_is_a_timeout(self):
        with Camera(0, stalls=True) as camera, pytest.raises(StreamTimeoutError):
            next(capture(camera.address, timeout=0.2).frames(never))

    def test_a_file_at_an_address_ends_as_a_file_does(self, clip):
        content = clip.read_bytes()
        with file_at_address(content, len(content)) as address:
            found = list(capture(address, timeout=5).frames(never))
        np.testing.assert_array_equal([frame.pixels for frame in found], frames(7))
        assert [frame.timestamp for frame in found] == pytest.approx([number / FPS for number in range(7)])

    def test_a_file_at_an_address_that_ends_early_was_lost(self, tmp_path):
        noise = np.random.default_rng(0).integers(0, 256, (30, *SIZE, 3), np.uint8)
        content = write_clip(tmp_path / "long.mkv", list(noise)).read_bytes()
        with file_at_address(content[: len(content) // 2], len(content)) as address:
            found = capture(address, timeout=5).frames(never)
            with pytest.raises(StreamError, match="was lost"):
                list(found)

    def test_a_lost_camera_is_opened_again(self):
        with Camera(3) as camera:
            source = capture(camera.address, timeout=5, reconnect=60)
            found = list(itertools.islice(source.frames(never), 8))
            assert (len(found), camera.connections, source.reconnected) == (8, 3, 2)

    def test_a_camera_that_stays_lost_is_an_error_after_the_time_for_it(self, monkeypatch):
        clock = itertools.count(step=4)
        monkeypatch.setattr("humanrt.imaging.capture.time.monotonic", lambda: next(clock))
        waits = []
        with pytest.raises(StreamError, match="cannot be opened"):
            next(capture("http://127.0.0.1:9/", reconnect=30).frames(lambda seconds: waits.append(seconds) or False))
        assert waits
        assert max(waits) <= 0.5

    def test_an_interrupted_wait_ends_the_frames(self):
        assert list(capture("http://127.0.0.1:9/", reconnect=30).frames(lambda _: True)) == []

    def test_messages_contain_no_password(self):
        with pytest.raises(StreamError, match=r"^rtsp://127\.0\.0\.1:9/a cannot be opened") as error:
            next(capture("rtsp://user:secret@127.0.0.1:9/a?token=secret").frames(never))
        assert "secret" not in str(error.value)


class FakeCamera:
    """Stands for ``cv2.VideoCapture``: no machine of the tests has a camera."""

    opened = ()
    released = 0

    def __init__(self, *arguments):
        type(self).opened += (arguments,)
        self.left = 2

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return True

    def get(self, _):
        return 0.0

    def read(self):
        self.left -= 1
        return (True, np.zeros((4, 4, 3), np.uint8)) if self.left >= 0 else (False, None)

    def release(self):
        type(self).released += 1


def test_a_webcam_that_ends_was_lost(monkeypatch):
    monkeypatch.setattr(load_cv2(), "VideoCapture", FakeCamera)
    found = capture(3).frames(never)
    assert [next(found).pixels.shape for _ in range(2)] == [(4, 4, 3)] * 2
    assert [arguments[0] for arguments in FakeCamera.opened] == [3]
    with pytest.raises(StreamError, match="camera 3 was lost"):
        next(found)


def test_a_camera_is_closed_when_its_frames_end_or_are_no_longer_read(monkeypatch):
    class Closing(FakeCamera):
        released = 0

    monkeypatch.setattr(load_cv2(), "VideoCapture", Closing)
    found = capture(3).frames(never)
    next(found)
    assert Closing.released == 0
    found.close()
    assert Closing.released == 1
    with pytest.raises(StreamError):
        list(capture(3).frames(never))
    assert Closing.released == 2


@pytest.mark.parametrize(
    ("rate", "missing", "is_lost"), [(10, 10, False), (10, 11, True), (0.5, 1, False), (0.5, 2, True)]
)
def test_a_file_at_an_address_was_lost_if_more_than_a_second_or_a_frame_is_missing(monkeypatch, rate, missing, is_lost):
    cv2 = load_cv2()

    class File(FakeCamera):
        def get(self, key):
            values = {cv2.CAP_PROP_FRAME_COUNT: 20, cv2.CAP_PROP_POS_FRAMES: 20 - missing, cv2.CAP_PROP_FPS: rate}
            return float(values.get(key, 0))

    monkeypatch.setattr(cv2, "VideoCapture", File)
    found = capture("http://127.0.0.1/a.mkv").frames(never)
    if is_lost:
        with pytest.raises(StreamError, match="was lost"):
            list(found)
    else:
        assert len(list(found)) == 2


def test_the_error_names_what_opens_a_lost_source_again_unless_that_was_tried(monkeypatch):
    class Lost(FakeCamera):
        opened = ()

    monkeypatch.setattr(load_cv2(), "VideoCapture", Lost)
    cure = "camera 3 was lost: it delivers no more frames: check its number and that no other program uses it"
    with pytest.raises(StreamError) as error:
        list(capture(3).frames(never))
    assert str(error.value) == f"{cure}; reconnect=SECONDS opens a lost source again"
    with pytest.raises(StreamError) as error:
        list(capture(3, reconnect=1e-9).frames(never))
    assert str(error.value) == cure

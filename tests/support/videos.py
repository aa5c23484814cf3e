"""Generated clips, a server that sends one as a camera does, and a model that recognises a frame by its colour."""

import asyncio
import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from parsing_models import write_class_map
from switches import FACES_ALONE, OFF

from humanrt import Human
from humanrt.imaging.opencv import load_cv2

SIZE = (12, 16)
COLORS = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)], np.uint8)
FPS = 10
SOURCES = ("humanrt-capture", "humanrt-frames", "humanrt-sources", "humanrt-test")


def frame(number, size=SIZE):
    """A frame of one of three colours, with its number in the last pixel."""
    pixels = np.empty((*size, 3), np.uint8)
    pixels[:] = COLORS[number % 3]
    pixels[-1, -1] = number
    return pixels


def frames(count, size=SIZE):
    return [frame(number, size) for number in range(count)]


def write_clip(path, pictures, fps=FPS, codec="FFV1"):
    """Write a video, without loss by default; return its path."""
    cv2 = load_cv2()
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec), fps, (width, height))
    for picture in pictures:
        writer.write(picture[..., ::-1])
    writer.release()
    return path


def write_pictures(folder, count):
    """Write frames as PNG files; return their paths, in order."""
    cv2 = load_cv2()
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:03}.png" for number in range(count)]
    for path, picture in zip(paths, frames(count), strict=True):
        path.write_bytes(cv2.imencode(".png", picture[..., ::-1])[1])
    return paths


def by_colour(folder):
    """Write a small model into ``folder``; return the configuration in which it alone runs.

    The label of each pixel is the number of its largest channel.
    """
    write_class_map(folder, "mine", size=SIZE, labels=("background", "green", "blue"))
    off = {"face": OFF, **FACES_ALONE}
    return {**off, "cards": str(folder), "segmentation": {"enabled": True, "model_path": "mine"}}


@contextlib.asynccontextmanager
async def human_by_colour(folder, *, deallocate):
    """Yield a loaded Human with the model in ``folder``; at the end nothing of it may be left."""
    async with Human({**by_colour(folder), "deallocate": deallocate}) as human:
        await human.load()
        yield human
        assert_nothing_is_left(human)


AUTO = pytest.mark.parametrize("human", ["auto"], indirect=True)
"""Runs a test with one of the two kinds of Human alone."""


async def later(items):
    """Yield items, each in a later turn of the event loop."""
    for item in items:
        await asyncio.sleep(0)
        yield item


def label_of(result):
    """Return the label of the first pixel."""
    return int(result.segmentation.labels.data_sync()[0, 0])


def open_files():
    """Return what the descriptors of this process point to, on Linux."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the descriptor of the listing itself is closed
            found.append(str(descriptor.readlink()))
    return sorted(found)


async def until(condition):
    """Run the event loop until ``condition()``."""
    while not condition():  # noqa: ASYNC110 - there is no event for what the tests wait for
        await asyncio.sleep(0)


def own_threads():
    """Return the names of the threads of sources; not of those that load models."""
    return [thread.name for thread in threading.enumerate() if thread.name in SOURCES]


def is_alone():
    """Return whether no thread of a source and no other task is left."""
    return own_threads() == [] and asyncio.all_tasks() == {asyncio.current_task()}


def assert_nothing_is_left(human):
    assert is_alone()
    assert human.engine.memory().baseline == (0, 0, 0, 0)


@contextlib.contextmanager
def served(handler):
    """Run a server on this machine; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/video"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def file_at_address(content, size):
    """Serve the first bytes of a file of ``size`` bytes, then close the connection."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "video/x-matroska")
            self.send_header("Content-Length", str(size))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return served(Handler)


class Camera:
    """A server that sends JPEG pictures over HTTP as network cameras do: multipart/x-mixed-replace.

    Each connection receives ``count`` frames; then it is held open if ``stalls``, else closed.
    """

    def __init__(self, count, *, stalls=False, size=(48, 64)):
        cv2 = load_cv2()
        encoded = [cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes() for picture in frames(count, size)]
        camera = self
        self.connections = 0
        self._ended = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                camera.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                for picture in encoded:
                    header = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(header.encode() + picture + b"\r\n")
                if stalls:
                    camera._ended.wait()

            def log_message(self, *_):
                pass

        self._served = served(Handler)

    def __enter__(self):
        self.address = self._served.__enter__()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._served.__exit__(*error)

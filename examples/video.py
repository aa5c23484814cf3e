"""Draw the detections on a video: ``python examples/video.py SOURCE [DRAWN.mp4]``.

SOURCE is a video file, the number of a camera (0, for instance), or an address such as rtsp://192.168.0.7/live. Without
DRAWN.mp4 the frames are shown in a window, until q is pressed. A camera's frames that come too fast are dropped.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from humanrt import Human, Result, draw_result


def draw(frame: np.ndarray, result: Result, fps: float) -> np.ndarray:
    canvas = cv2.cvtColor(draw_result(frame, result), cv2.COLOR_RGB2BGR)
    return cv2.putText(canvas, f"{fps:.1f} fps", (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)


@contextmanager
def screen() -> Iterator[Callable[[np.ndarray], bool]]:
    def show(picture: np.ndarray) -> bool:
        cv2.imshow("HumanRT", picture)
        return cv2.waitKey(1) != ord("q")

    yield show
    cv2.destroyAllWindows()


@contextmanager
def video(path: str) -> Iterator[Callable[[np.ndarray], bool]]:
    writer = cv2.VideoWriter()

    def write(picture: np.ndarray) -> bool:
        if not writer.isOpened():
            writer.open(path, cv2.VideoWriter_fourcc(*"mp4v"), 10, picture.shape[1::-1])
        writer.write(picture)
        return True

    yield write
    writer.release()


async def main(source: str, drawn: str = "") -> None:
    with video(drawn) if drawn else screen() as show:
        async with Human() as human:
            await human.load()
            async with human.stream(int(source) if source.isdecimal() else source, reconnect=60) as stream:
                async for frame, result in stream:
                    with result:
                        print(f"{stream.timestamp:.2f} s: {len(result.face)} faces")
                        picture = await asyncio.to_thread(draw, frame, result, stream.statistics().fps)
                    if not show(picture):
                        break
                statistics = stream.statistics()
            print(f"{statistics.detected} frames, {statistics.dropped} dropped, {statistics.fps:.1f} fps")
            print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(*sys.argv[1:]))

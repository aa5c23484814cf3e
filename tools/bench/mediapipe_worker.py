"""MediaPipe's face mesh in tracking mode: a process in an environment with ``mediapipe``, which works in rounds.

It answers as ``worker.py`` does. The arguments of its work are ``frames``, the path of an array in NumPy's format, RGB
uint8 [n, height, width, 3], which is played again and again, and the number of ``points`` of a mesh.
"""

import json
import sys
from importlib import import_module
from itertools import cycle

import numpy as np

from bench.rounds import Stopwatch


def main() -> None:
    """Work until standard input ends."""
    mediapipe = import_module("mediapipe")
    print(mediapipe.__file__, flush=True)
    mesh, frames = None, None
    for line in sys.stdin:
        request = json.loads(line)
        _, work = request["work"]
        if mesh is None or frames is None:
            frames = cycle(np.load(work["frames"]))
            mesh = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1)
        stopwatch = Stopwatch()
        for _ in range(request["count"]):
            (face,) = mesh.process(next(frames)).multi_face_landmarks
            assert len(face.landmark) == work["points"]  # noqa: S101 - what is measured must be right
        print(json.dumps(stopwatch.read()), flush=True)


if __name__ == "__main__":
    main()

"""Identity switches on generated clips, beside ByteTrack of the package ``trackers``: ``python -m bench.tracking``.

``trackers`` needs 660 MB with its dependencies and is no dependency of HumanRT or of its tests. Install it, and
HumanRT's dependencies, in an environment of its own; without it only the figures of HumanRT are printed.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

import numpy as np

from bench.clips import CLIPS, Boxes, clip, switches
from humanrt.streams.tracking import Seen, Tracks

SEEDS = 20
LOST_FRAMES = 30

Tracker = Callable[[Boxes], Sequence[int]]


def ours() -> Tracker:
    """Return a tracker of HumanRT."""
    tracks = Tracks()

    def track(boxes: Boxes) -> Sequence[int]:
        nonlocal tracks
        seen = [Seen((x, y, width, height)) for x, y, width, height in boxes.tolist()]
        ids, tracks = tracks.updated(seen, LOST_FRAMES)
        return ids

    return track


def bytetrack() -> Tracker:
    """Return ByteTrack of ``trackers``, with its defaults. Raises ``ImportError`` if it is not installed."""
    supervision = import_module("supervision")
    tracker = import_module("trackers").ByteTrackTracker(lost_track_buffer=LOST_FRAMES)

    def track(boxes: Boxes) -> Sequence[int]:
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1).reshape(-1, 4)
        found = tracker.update(supervision.Detections(xyxy=corners, data={"row": np.arange(len(boxes))}))
        ids = [-1] * len(boxes)
        for row, number in zip(found.data.get("row", ()), found.tracker_id, strict=True):
            ids[int(row)] = int(number)
        return ids

    return track


def count(name: str, create: Callable[[], Tracker], seeds: int = SEEDS) -> int:
    """Return the identity switches in the clips of a name, one for each seed."""
    return sum(switches([*clip(CLIPS[name], seed)], create(), LOST_FRAMES) for seed in range(seeds))


def main() -> int:
    """Print the figures as a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.tracking", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many clips of each kind")
    seeds = parser.parse_args().seeds
    try:
        bytetrack()
    except ImportError as error:
        print(f"ByteTrack is left out: {error}", file=sys.stderr)
        peers = {"HumanRT": ours}
    else:
        peers = {"HumanRT": ours, "ByteTrack": bytetrack}
    print(f"| {seeds} clips each | {' | '.join(peers)} |", f"| --- |{' --- |' * len(peers)}", sep="\n")
    for name in CLIPS:
        print(f"| {name} | {' | '.join(str(count(name, create, seeds)) for create in peers.values())} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How often the long tests repeat: the number that CI needs to find a fault, and a larger one for ``tools/soak``.

The second number of a pair is the least number of hits in that many repetitions. It is so far below the expected number
that a test does not fail by chance.
"""

import os

SOAK = os.environ.get("HUMANRT_SOAK") == "1"


def choose(usual, *, soak):
    """Return the number for ``tools/soak`` if it runs, else the usual one."""
    return soak if SOAK else usual


# tests/stress
HISTORIES, EACH_RULE = choose((300, 3), soak=(2_000, 20))
CANCELLED_TREES, EACH_TREE_HIT = choose((800, 50), soak=(8_000, 500))
CANCELLED_RUNS, EACH_RUN_PHASE = choose((1_000, 50), soak=(2_000, 100))
TURNS_OF_A_THREAD = choose(2_500, soak=25_000)

# Human with its real models
CANCELLED_LOADS, EACH_LOAD = choose((60, 2), soak=(2_000, 100))
DETECTIONS_IN_A_ROW = choose(100, soak=1_000)
CANCELLED_ADMISSIONS = choose(100, soak=5_000)
CANCELLED_DETECTIONS, EACH_PHASE = choose((200, 4), soak=(10_000, 200))
RANDOM_DETECTIONS_OF_FACES, EACH_END = choose((500, 50), soak=(5_000, 500))
RANDOM_DETECTIONS_OF_EVERYTHING, EACH_MODULE = choose((400, 4), soak=(2_000, 50))
AT_ONCE = 64
DIFFERENT_CALLS = choose(16, soak=AT_ONCE)

# damage
DAMAGED_MODELS = choose(1_000, soak=10_000)
KILLED_PULLS = choose(40, soak=100)

# workers
KILLED_WORKERS = choose(8, soak=300)

# streams and batches
ENDED_STREAMS, EACH_STREAM_END = choose((200, 10), soak=(2_000, 100))

# pictures in styles
STYLED_PICTURES = choose(40, soak=200)

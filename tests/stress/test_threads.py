"""Many tensors in eight threads, which share them, lose them, and are interrupted wherever it hurts."""

import gc
import random
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

import numpy as np
import pytest
from repetitions import TURNS_OF_A_THREAD as TURNS

from humanrt import tensors
from humanrt.errors import TensorDisposedError
from humanrt.tensors import Registry

THREADS = 8
MADE_IN_A_TURN = 5
TURNS_UNDER_COLLECTION = TURNS // 10
LOSE_EVERY = 100

FLOATS = np.arange(4, dtype=np.float32)
LARGE = 70_000  # bytes, of which the memory is used again
ROOM = str(Path(tensors.__file__).parent)


@pytest.fixture
def frequent_switches():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def give_way(frame, event, argument):
    """Trace function: let another thread run before each instruction of the tensor engine."""
    if not frame.f_code.co_filename.startswith(ROOM):
        return None
    frame.f_trace_opcodes = True
    time.sleep(0)
    return give_way


@pytest.fixture
def switches_everywhere(frequent_switches):
    trace = threading.gettrace()
    threading.settrace(give_way)
    yield
    threading.settrace(trace)


class Crowd:
    """Eight threads on one registry. At any moment `market` holds a tensor of each that another may take."""

    def __init__(self, registry):
        self.registry = registry
        self.common = registry.from_numpy(FLOATS)
        self.market = deque(registry.from_numpy(FLOATS) for _ in range(THREADS))
        self.errors = []

    def run(self, turns):
        together = threading.Barrier(THREADS)
        threads = [threading.Thread(target=self.work, args=(turns, together), daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert self.errors == []

    def work(self, turns, together):
        try:
            together.wait()
            for turn in range(1, turns + 1):
                self.trade()
                self.share()
                self.tidy()
                if turn % LOSE_EVERY == 0:
                    self.lose()
        except BaseException as error:  # noqa: BLE001 - run() shows it in the test
            self.errors.append(error)

    def trade(self):
        """Dispose a tensor that another thread has made, with a clone of it."""
        self.market.append(self.registry.from_numpy(FLOATS))
        with self.market.popleft() as theirs, theirs.clone() as clone:
            assert clone.shape == (4,)

    def share(self):
        """Take a share of the buffer that all threads share."""
        self.common.clone().dispose()

    def tidy(self):
        """Make two tensors in a scope, and take one of them out of it."""
        with self.registry.scope() as scope:
            self.registry.from_numpy(FLOATS)
            scope.returns(self.registry.from_numpy(FLOATS)).dispose()

    def lose(self):
        """Leave a tensor to the collector."""
        cycle = [self.registry.from_numpy(FLOATS)]
        cycle.append(cycle)


@pytest.mark.tensor_leaks(allow=1_000_000)  # on purpose, and counted here
@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.usefixtures("frequent_switches", "collector")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_many_tensors_in_eight_threads():
    """CONFORMANCE 5, 7, 12 and 42: the counts are exact, nobody waits for ever, and the other registry sees nothing."""
    registry, other = Registry(), Registry()
    crowd = Crowd(registry)
    leaked = 0
    for turns, thresholds in ((TURNS - TURNS_UNDER_COLLECTION, gc.get_threshold()), (TURNS_UNDER_COLLECTION, (1,))):
        gc.set_threshold(*thresholds)
        crowd.run(turns)
        gc.collect()
        leaked += THREADS * (turns // LOSE_EVERY)
        assert registry.memory().baseline == (THREADS + 1, THREADS + 1, 16 * (THREADS + 1), leaked)
        assert all(tensor.data_sync().tolist() == FLOATS.tolist() for tensor in crowd.market)
    registry.dispose([crowd.common, crowd.market])
    assert registry.memory().baseline == (0, 0, 0, leaked)
    assert other.memory().baseline == (0, 0, 0, 0)
    print(f"{THREADS * (TURNS * MADE_IN_A_TURN + TURNS // LOSE_EVERY):,} tensors, {leaked:,} lost and found")


@pytest.mark.slow
@pytest.mark.usefixtures("switches_everywhere")
def test_some_tensors_in_eight_threads_that_are_interrupted_everywhere():
    """CONFORMANCE 5 and 7: also between two instructions that the interpreter would not part."""
    registry = Registry()
    crowd = Crowd(registry)
    crowd.run(10)
    registry.dispose([crowd.common, crowd.market])
    assert registry.memory().baseline == (0, 0, 0, 0)


class Shelf:
    """Some tensors in places of their own. Threads replace them, while others clone and read them."""

    def __init__(self, registry, places):
        self.registry = registry
        self.lock = threading.Lock()
        self.tensors = [self.new(place) for place in range(places)]
        self.outcomes = Counter()

    def new(self, value):
        return self.registry.tensor(np.full(LARGE, value, np.uint8))

    def work(self, seed, turns):
        choose = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
        for _ in range(turns):
            act = choose.choice([self.replace, self.read])
            try:
                outcome = act(choose.randrange(len(self.tensors)))
            except Exception as error:  # noqa: BLE001 - the test shows it
                outcome = repr(error)
            self.outcomes[outcome] += 1

    def replace(self, place):
        new = self.new(place)
        with self.lock:
            old, self.tensors[place] = self.tensors[place], new
        old.dispose()
        return "replaced"

    def read(self, place):
        tensor = self.tensors[place]
        try:
            clone = tensor.clone()
        except TensorDisposedError:
            return "replaced before it was cloned"
        with clone:
            values = clone.data_sync()
        return "right" if (values == place).all() else "wrong"


@pytest.mark.slow
@pytest.mark.usefixtures("switches_everywhere")
def test_memory_is_used_again_while_others_read_what_was_in_it():
    """CONFORMANCE 10, 11 and 36: a clone is a tensor like any other, also when its source ends at the same time."""
    registry = Registry()
    shelf = Shelf(registry, 3)
    threads = [threading.Thread(target=shelf.work, args=(seed, 40), daemon=True) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shelf.outcomes.total() == 4 * 40
    assert shelf.outcomes.keys() <= {"replaced", "replaced before it was cloned", "right"}
    registry.dispose(shelf.tensors)
    assert registry.memory().baseline == (0, 0, 0, 0)

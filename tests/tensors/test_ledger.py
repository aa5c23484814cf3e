"""The ledger: counts, handles that vanish, and many threads at once."""

import contextvars
import gc
import random
import sys
import threading
import time
import warnings
import weakref

import numpy as np
import pytest

from humanrt.errors import ScopeClosedError
from humanrt.tensors import DTYPES, Memory, Registry, Tensor
from humanrt.tensors import ledger as ledger_module
from humanrt.tensors.buffer import DataBuffer

# -- counting


@pytest.mark.parametrize(
    ("dtype", "itemsize"), [("float32", 4), ("float16", 2), ("int32", 4), ("int64", 8), ("uint8", 1), ("bool", 1)]
)
def test_a_new_tensor_is_counted(registry, dtype, itemsize):
    """CONFORMANCE 1 and 4."""
    with registry.tensor(np.zeros((3, 5)), dtype):
        assert registry.memory().baseline == (1, 1, 15 * itemsize, 0)
    assert registry.memory().baseline == (0, 0, 0, 0)


def test_every_dtype_is_in_the_test_above():
    assert {dtype.name for dtype in DTYPES} == {"float32", "float16", "int32", "int64", "uint8", "bool"}


def test_the_last_handle_frees_the_buffer(registry):
    """CONFORMANCE 2, 3 and 4."""
    tensor = registry.tensor([1.0, 2.0])
    handles = [tensor, tensor.clone(), tensor.reshape((2, 1)), tensor.expand_dims()]
    for left in (4, 3, 2, 1):
        assert registry.memory().baseline == (left, 1, 8, 0)
        handles.pop(0).dispose()
    assert registry.memory().baseline == (0, 0, 0, 0)


def test_memory_cannot_be_changed(registry):
    """CONFORMANCE 5."""
    memory = registry.memory()
    assert isinstance(memory, Memory)
    with pytest.raises(AttributeError):
        memory.num_tensors = 5
    with pytest.raises(TypeError):
        memory.devices["cpu"] = 5
    with registry.tensor(1):
        assert memory.num_tensors == 0


def test_the_cost_of_memory_does_not_depend_on_the_number_of_tensors(registry, four_floats):
    """CONFORMANCE 5: a loop over 100,000 tensors would be a thousand times slower."""

    def cost():
        times = []
        for _ in range(20):
            start = time.perf_counter()
            registry.memory()
            times.append(time.perf_counter() - start)
        return min(times)

    alone = cost()
    with registry.scope():
        tensors = [registry.from_numpy(four_floats) for _ in range(100_000)]
        assert cost() < 20 * alone
        assert registry.memory().num_tensors == len(tensors)


def test_peak_bytes_is_the_highest_number_of_bytes(registry):
    """CONFORMANCE 6."""
    with registry.tensor(np.zeros(10, np.uint8)) as tensor, registry.tensor(np.zeros(5, np.uint8)), tensor.clone():
        pass
    with registry.tensor(np.zeros(12, np.uint8)):
        assert registry.memory().peak_bytes == 15


def test_bytes_are_counted_by_device(registry, four_floats):
    """CONFORMANCE 6."""
    assert registry.memory().devices == {"cpu": 0}
    buffer = DataBuffer(np.zeros(3, np.uint8), True, "cuda:0")
    with registry.adopt(four_floats), registry.ledger.register(buffer, (3,), Tensor) as far:
        assert far.device == "cuda:0"
        assert registry.memory().devices == {"cpu": 16, "cuda:0": 3}
        assert registry.memory().num_bytes == 19
    assert registry.memory().devices == {"cpu": 0, "cuda:0": 0}


# -- handles that vanish


@pytest.mark.usefixtures("without_sites")
@pytest.mark.parametrize("track_sites", [False, True])
def test_a_handle_that_vanishes_outside_any_scope_is_a_leak(track_sites):
    """CONFORMANCE 6 and 12: reclaimed, counted, and reported with its site; once for each place."""
    registry = Registry(track_sites=track_sites)

    def lose_three():
        for _ in range(3):
            registry.tensor([1.0, 2.0])
        assert registry.memory().baseline == (0, 0, 0, 3)

    with pytest.warns(ResourceWarning) as warned:
        lose_three()
    expected = "test_ledger.py" if track_sites else "track_sites=True"
    assert all(expected in str(warning.message) for warning in warned)
    (lost,) = registry.leaks().rows
    assert expected in lost.site
    assert (lost.state, lost.tensors, lost.nbytes) == ("lost", 3, 24)


@pytest.mark.tensor_leaks(allow=4)
def test_leaks_of_one_call_are_reported_together():
    """CONFORMANCE 12."""
    registry = Registry(track_sites=True)
    tensors = [registry.tensor(i) for i in range(3)]
    other = registry.tensor(4)
    del tensors, other
    with pytest.warns(ResourceWarning) as warned:
        assert registry.memory().num_leaked == 4
    assert sorted(str(warning.message).split(" made")[0] for warning in warned) == [
        "3 tensors that were",
        "a tensor that was",
    ]


@pytest.mark.tensor_leaks(allow=5)
def test_any_next_call_finds_a_leak():
    """CONFORMANCE 12."""
    for call in (
        Registry.memory,
        Registry.leaks,
        Registry.census,
        Registry.close,
        lambda registry: registry.tensor(1).dispose(),
    ):
        registry = Registry()
        registry.tensor(1)
        with pytest.warns(ResourceWarning):
            call(registry)
        assert registry.memory().baseline == (0, 0, 0, 1)


@pytest.mark.tensor_leaks(allow=1)
def test_a_leak_never_raises_in_the_call_that_finds_it(monkeypatch):
    """CONFORMANCE 12: where warnings are errors, the interpreter passes it to the hook for finalisers."""
    unraisable = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: unraisable.append(args.exc_type))
    registry = Registry()
    registry.tensor(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with registry.scope() as scope:
            tensor = registry.tensor(2)
            assert scope._owned == {tensor.id}
    assert unraisable == [ResourceWarning]
    assert registry.memory().baseline == (0, 0, 0, 1)


def test_a_handle_that_vanishes_in_a_scope_is_reclaimed_before_the_scope_ends(registry):
    """CONFORMANCE 12: silently, because the scope would have freed it."""
    with registry.scope():
        for _ in range(3):
            registry.tensor(np.zeros(100, np.uint8))
        assert registry.memory().num_tensors == 0
        assert registry.memory().peak_bytes < 300


@pytest.mark.tensor_leaks(allow=1)
def test_a_kept_handle_that_vanishes_is_a_leak():
    """CONFORMANCE 12 and 18: outside its scope, the caller owns it."""
    registry = Registry()
    with registry.scope():
        registry.keep(registry.tensor(1))
        with pytest.warns(ResourceWarning):
            assert registry.memory().num_leaked == 1


@pytest.mark.tensor_leaks(allow=1)
def test_a_clone_that_vanishes_leaves_its_source_alone():
    registry = Registry()
    tensor = registry.tensor(5)
    tensor.clone()
    with pytest.warns(ResourceWarning):
        assert registry.memory().baseline == (1, 1, 4, 1)
    assert tensor.array() == 5
    tensor.dispose()


def test_an_automatic_tensor_that_vanishes_is_not_a_leak(registry):
    """CONFORMANCE 52: it is freed when nothing references it, and can be disposed like any other."""
    result = {"face": registry.tensor(1), "again": [registry.tensor(2)]}
    registry.mark_automatic(result)
    face = result.pop("face")
    del result
    assert registry.memory().num_tensors == 1
    assert face.array() == 1
    del face
    assert registry.memory().baseline == (0, 0, 0, 0)

    with registry.scope():
        scoped = registry.tensor(1)
        registry.mark_automatic(scoped)
    assert scoped.is_disposed
    registry.mark_automatic(scoped)


@pytest.mark.tensor_leaks(allow=2)
def test_only_marked_tensors_are_automatic():
    """CONFORMANCE 52."""
    registry, other = Registry(), Registry()
    tensor, theirs = registry.tensor(1), other.tensor(1)
    other.mark_automatic([tensor])
    registry.mark_automatic([tensor.clone(), theirs])
    del tensor, theirs
    for accounts in (registry, other):
        with pytest.warns(ResourceWarning):
            assert accounts.memory().num_leaked == 1


class LockWithIncident:
    """The lock of the ledger, with a function that is called each time it was acquired."""

    def __init__(self, lock, incident):
        self.lock = lock
        self.incident = incident
        self.busy = False

    def acquire(self):
        self.lock.acquire()
        if not self.busy:
            self.busy = True
            self.incident()
            self.busy = False

    def release(self):
        self.lock.release()

    def __enter__(self):
        self.acquire()

    def __exit__(self, *_):
        self.release()


def in_time(function):
    """Call a function that may deadlock; fail instead of hanging."""
    finished = threading.Event()
    threading.Thread(target=lambda: (function(), finished.set()), daemon=True).start()
    assert finished.wait(60), "deadlock"


CALLS = {
    "tensor": lambda registry, tensor: registry.tensor([5.0]).dispose(),
    "dispose": lambda registry, tensor: tensor.dispose(),
    "memory": lambda registry, tensor: registry.memory(),
    "keep": lambda registry, tensor: registry.keep(tensor),
    "scope": lambda registry, tensor: registry.tidy(lambda: registry.tensor(1)).dispose(),
    "clone": lambda registry, tensor: tensor.clone().dispose(),
    "data_sync": lambda registry, tensor: tensor.data_sync(),
    "numpy": lambda registry, tensor: tensor.numpy(),
    "mark_automatic": lambda registry, tensor: registry.mark_automatic(tensor),
    "leaks": lambda registry, tensor: registry.leaks(),
    "census": lambda registry, tensor: registry.census(),
    "rebind": lambda registry, tensor: registry.ledger.rebind(tensor, tensor),
    "empty": lambda registry, tensor: registry.empty((100_000,), tensor.dtype),
    "reset": lambda registry, tensor: registry.reset(),
    "close": lambda registry, tensor: registry.close(),
}


@pytest.fixture
def no_automatic_gc():
    gc.collect()
    gc.freeze()  # a collection examines what the test creates, and takes no time for the rest
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.tensor_leaks(allow=1)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.usefixtures("no_automatic_gc")
def test_the_collector_may_run_inside_any_call(call):
    """CONFORMANCE 12: it collects a lost tensor while the lock is held, on the same thread."""
    registry = Registry()
    tensor = registry.tensor([1.0])
    cycle = [registry.tensor([2.0])]
    cycle.append(cycle)
    del cycle
    registry.ledger.lock = LockWithIncident(registry.ledger.lock, gc.collect)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        in_time(lambda: (call(registry, tensor), registry.memory()))
        tensor.dispose()
        assert registry.memory().baseline[:3] == (0, 0, 0)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_finaliser_may_dispose_inside_any_call(call):
    """CONFORMANCE 12: a finaliser that runs while the lock is held may use the registry."""
    registry = Registry()
    tensor = registry.tensor([1.0])
    theirs = [registry.tensor([2.0]) for _ in range(50)]

    def finaliser():
        if theirs:
            registry.dispose(theirs.pop())

    registry.ledger.lock = LockWithIncident(registry.ledger.lock, finaliser)
    in_time(lambda: call(registry, tensor))
    registry.dispose([tensor, theirs])
    assert registry.memory().baseline == (0, 0, 0, 0)


@pytest.mark.parametrize("end", ["dispose", "scope", "close", "vanish"])
def test_memory_is_freed_outside_the_lock(end):
    """The finaliser of a shared array is the user's code, and may wait for another thread that needs the lock."""
    registry = Registry()
    lock_was_held = []
    array = np.zeros(3, np.float32)
    weakref.finalize(array, lambda: lock_was_held.append(registry.ledger.lock._is_owned()))
    with registry.scope():
        tensor = registry.from_numpy(array)
        del array
        if end == "dispose":
            tensor.dispose()
        elif end == "close":
            registry.close()
        elif end == "vanish":
            del tensor
            registry.memory()
        assert lock_was_held == ([] if end == "scope" else [False])
    assert lock_was_held == [False]


def test_the_tables_are_empty_after_a_tensor_is_freed(registry):
    """A process may run for weeks."""
    tracked = Registry(track_sites=True)
    for accounts in (registry, tracked):
        with accounts.scope():
            tensor = accounts.tensor(1)
            accounts.mark_automatic(tensor)
            accounts.keep(tensor).dispose()
        sizes = [len(getattr(accounts.ledger, name)) for name in ("live", "vanished", "scopes", "automatic", "sites")]
        assert sizes == [0] * 5


# -- many threads


def give_way(frame, event, argument):
    """Trace function: let another thread run before each line of ledger.py."""
    if frame.f_code.co_filename == ledger_module.__file__:
        time.sleep(0)
        return give_way
    return None


@pytest.fixture
def frequent_switches():
    """Make threads that are started meanwhile switch as often as possible, in the worst places."""
    interval = sys.getswitchinterval()
    trace = threading.gettrace()
    sys.setswitchinterval(1e-6)
    threading.settrace(give_way)
    yield
    threading.settrace(trace)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("frequent_switches")
def test_counts_are_exact_under_threads(registry):
    """CONFORMANCE 5: threads create, clone, dispose and tidy tensors; every snapshot meanwhile is consistent."""
    shared = registry.tensor(np.zeros(8, np.uint8))
    failures = []
    threads_running = threading.Barrier(5)

    def work(seed):
        choose = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret
        threads_running.wait()
        for _ in range(25):
            action = choose.randrange(4)
            if action == 0:
                registry.tensor(np.zeros(8, np.uint8)).dispose()
            elif action == 1:
                shared.clone().dispose()
            elif action == 2:
                registry.tidy(lambda: registry.tensor(np.zeros(8, np.uint8)).clone()).dispose()
            else:
                with registry.scope():
                    registry.tensor(np.zeros(8, np.uint8))

    def watch(done):
        threads_running.wait()
        while not done.is_set():
            memory = registry.memory()
            if (
                memory.num_bytes != 8 * memory.num_data_buffers
                or not 1 <= memory.num_data_buffers <= memory.num_tensors
            ):
                failures.append(memory)

    done = threading.Event()
    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    watcher = threading.Thread(target=watch, args=(done,))
    for thread in (*workers, watcher):
        thread.start()
    for worker in workers:
        worker.join()
    done.set()
    watcher.join()
    assert not failures
    assert registry.memory().baseline == (1, 1, 8, 0)
    shared.dispose()


@pytest.mark.usefixtures("frequent_switches")
def test_one_tensor_disposed_by_many_threads_is_freed_once(registry):
    """CONFORMANCE 7."""
    together = threading.Barrier(4)

    def dispose(tensor):
        together.wait()
        tensor.dispose()

    for _ in range(20):
        tensor = registry.tensor(1)
        threads = [threading.Thread(target=dispose, args=(tensor,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert registry.memory().baseline == (0, 0, 0, 0)


@pytest.mark.usefixtures("frequent_switches")
def test_threads_that_create_tensors_while_their_scope_ends_lose_none(registry):
    """CONFORMANCE 25: each creation either happens before the end, or raises ScopeClosedError."""
    outcomes = []

    def make_many(start, tensors):
        start.wait()
        try:
            while True:
                tensors.append(registry.tensor(1))
        except ScopeClosedError:
            outcomes.append("refused")

    for _ in range(10):
        start = threading.Barrier(3)
        made = [[], []]
        with registry.scope():
            makers = [
                threading.Thread(target=contextvars.copy_context().run, args=(make_many, start, tensors))
                for tensors in made
            ]
            for maker in makers:
                maker.start()
            start.wait()
        for maker in makers:
            maker.join()
        assert all(tensor.is_disposed for tensors in made for tensor in tensors)
        assert registry.memory().baseline == (0, 0, 0, 0)
    assert outcomes == ["refused"] * 20

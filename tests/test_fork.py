"""A forked child cannot use the engine of its parent: every call raises ForkedEngineError."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRELUDE = """
import asyncio, os, sys, threading, time
import numpy as np
from humanrt import Engine, Human, errors
from humanrt.engine import internals

model_path = sys.argv[1]
engine = Engine("cpu")
tensor = engine.tensor([1.0, 2.0])
variable = engine.variable(3.0, "kept")
model = internals(engine).load(model_path)

def in_child(check):
    child = os.fork()
    if child == 0:
        try:
            check()
        except BaseException:
            import traceback
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0, status
            return
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    raise AssertionError("the child hangs")

def raises_forked(call):
    try:
        call()
    except errors.ForkedEngineError as error:
        assert "make a new Engine in the child" in str(error)
        assert "spawn" in str(error)
    else:
        raise AssertionError("no error")
"""

RAISES = """
def check():
    for call in (
        lambda: engine.tensor(1), lambda: engine.from_numpy(np.zeros(1, np.float32)), lambda: engine.zeros(9),
        lambda: engine.variable(1), lambda: engine.memory(), lambda: engine.leaks(), lambda: engine.reset(),
        lambda: engine.scope().__enter__(), lambda: engine.tidy(lambda: None), lambda: engine.start_scope(),
        lambda: engine.profile(lambda: None), lambda: engine.time(lambda: None), lambda: engine.keep(tensor),
        lambda: engine.add(1, 2), lambda: engine.add(tensor, 1), lambda: tensor + 1,
        lambda: tensor.array(), lambda: tensor.numpy(), lambda: tensor.data_sync(), lambda: tensor.clone(),
        lambda: tensor.reshape((2, 1)), lambda: variable.assign(variable), lambda: model.execute(tensor),
        lambda: asyncio.run(model.execute_async(tensor)), lambda: asyncio.run(engine.load_graph_model(model_path)),
        lambda: asyncio.run(engine.ready()), lambda: asyncio.run(engine.set_backend("cpu")),
        lambda: asyncio.run(human.detect("photo.jpg")),
    ):
        raises_forked(call)
    assert repr(tensor).endswith("disposed)")

human = Human()
in_child(check)
"""

HARMLESS = """
def check():
    tensor.dispose()
    variable.dispose()
    engine.dispose([tensor])
    engine.dispose_variables()
    model.dispose()
    engine.close()
    asyncio.run(engine.aclose())

with engine.scope() as scope:
    inside = engine.tensor(5)
    def leave():
        scope.__exit__(None, None, None)
    in_child(leave)
in_child(check)
assert (tensor.array(), variable.array()) == ([1, 2], 3)
assert model.execute(tensor).array() == [-1, -2]
"""

LOCKED = """
def hold(lock, held, release):
    with lock:
        held.set()
        release.wait()

held = [threading.Event() for _ in range(3)]
release = threading.Event()
locks = [engine.registry.ledger.lock, model._lock, internals(engine)._lock]
threads = [threading.Thread(target=hold, args=(lock, event, release)) for lock, event in zip(locks, held)]
for thread, event in zip(threads, held):
    thread.start()
    event.wait()

def check():
    raises_forked(engine.memory)
    raises_forked(lambda: model.execute(tensor))
    tensor.dispose()
    variable.dispose()
    model.dispose()
    engine.close()
    with Engine("cpu") as new:
        with new.tensor([4.0]) as mine, internals(new).load(model_path).execute(mine) as output:
            assert output.array() == [-4]
        assert new.memory().baseline == (0, 0, 0, 0)

in_child(check)
release.set()
for thread in threads:
    thread.join()
"""


KEPT = """
import gc, weakref

array = np.zeros(4, np.float32)
shared = engine.from_numpy(array)
inherited = [weakref.ref(array), weakref.ref(model._lease.session)]

def free_all():
    global engine, tensor, variable, model, array, shared
    for each in (tensor, variable, shared, model):
        each.dispose()
    engine.close()
    del engine, tensor, variable, model, array, shared, each
    gc.collect()

def check():
    free_all()
    assert all(each() is not None for each in inherited), inherited

in_child(check)
free_all()
assert all(each() is None for each in inherited), inherited
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        pytest.param(RAISES, id="every use is refused, with the cure"),
        pytest.param(HARMLESS, id="freeing changes nothing in child and parent"),
        pytest.param(LOCKED, id="locks held at the fork block nothing, and a new engine works"),
        pytest.param(KEPT, id="arrays and sessions of the parent are never freed"),
    ],
)
def test_a_forked_child(program, negation, tmp_path):
    """CONFORMANCE 44."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PRELUDE + program, str(negation)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_dir())}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr

"""Leaks of tests whose fixtures, or those of wider scopes, create, hold and free tensors and engines."""

import pytest

pytestmark = pytest.mark.tensor_leaks(allow=1000)  # the sessions leak on purpose, in this process

FIXTURES = {
    "of the test": """
@pytest.fixture
def held(engine):
    with engine.scalar(1.0) as tensor:
        yield tensor
@pytest.fixture
def left(engine):
    return engine.scalar(1.0)
@pytest.fixture
def left_to_closing(humanrt_engine):
    return humanrt_engine.scalar(1.0)
@pytest.fixture
def make(engine):
    made = []
    yield lambda: made.append(engine.scalar(1.0))
    engine.dispose(made)
@pytest.fixture
async def left_by_asyncio(engine):
    yield engine.scalar(1.0)
@pytest.fixture(autouse=True)
def everywhere(engine):
    with engine.scalar(1.0):
        yield

def test_held(held, engine):
    assert held.array() == 1.0
def test_leaky_beside_held(held, engine):
    KEPT.append(engine.scalar(1.0))
def test_leaky_left(left): pass
def test_leaky_left_to_closing(left_to_closing): pass
async def test_leaky_left_by_asyncio(left_by_asyncio): pass
def test_made_by_a_factory(make):
    make()
def test_replaced(left, engine):
    left.dispose()
""",
    "of wider scopes": """
@pytest.fixture(scope="module", autouse=True)
def made_before_the_first_and_freed_after_the_last(engine):
    with engine.tensor([1.0, 2.0]), engine.scalar(2.0):
        yield
@pytest.fixture(scope="module")
def made_when_asked_for(engine):
    with engine.scalar(1.0) as tensor:
        yield tensor
@pytest.fixture(scope="session")
def never_freed():
    engine = Engine("cpu")
    return engine, engine.scalar(1.0)
@pytest_asyncio.fixture(loop_scope="class", scope="class")
async def cache(engine):
    cache = {"frame": engine.scalar(1.0)}
    yield cache
    engine.dispose(cache)

def test_first(): pass
def test_asks_in_the_body(request):
    assert request.getfixturevalue("made_when_asked_for").array() == 1.0
def test_never_freed(never_freed): pass
class TestClass:
    def test_leaky_into_the_cache(self, cache, engine):
        cache["more"] = engine.scalar(2.0)
    def test_replaces_in_the_cache(self, cache, engine):
        cache["frame"].dispose()
        cache["frame"] = engine.scalar(2.0)
    def test_frees_of_the_cache(self, cache):
        cache.pop("frame").dispose()
    def test_leaky_before_the_cache_is_freed(self, cache, engine):
        KEPT.append(engine.scalar(3.0))
def test_leaky_last(engine, made_when_asked_for):
    KEPT.append(engine.scalar(1.0))
""",
    "with an engine": """
@pytest.fixture
def own():
    with Engine("cpu") as own:
        yield own
@pytest.fixture
def own_with_a_tensor(own):
    with own.scalar(1.0):
        yield own
@pytest.fixture
async def human():
    async with Human() as human:
        yield human

def test_leaky_closed_by_a_fixture(own):
    own.scalar(1.0)
def test_leaky_closed_by_a_fixture_that_held(own_with_a_tensor):
    KEPT.append(own_with_a_tensor.scalar(1.0))
def test_leaky_humanrt_engine(humanrt_engine):
    KEPT.append(humanrt_engine.scalar(1.0))
def test_leaky_human(human):
    KEPT.append(human.engine.scalar(1.0))
def test_closed_by_the_test(own_with_a_tensor):
    KEPT.append(own_with_a_tensor.scalar(1.0))
    own_with_a_tensor.close()
def test_leaky_although_closed_by_the_test(own_with_a_tensor):
    own_with_a_tensor.scalar(1.0)
    own_with_a_tensor.close()
def test_with():
    with Engine("cpu") as engine:
        KEPT.append(engine.scalar(1.0))
def test_leaky_with():
    with Engine("cpu") as engine:
        engine.scalar(1.0)
def test_leaky_and_the_engine_vanished():
    Engine("cpu").scalar(1.0)
def test_leaky_before_a_fixture_resets(reset):
    KEPT.append(reset.scalar(1.0))
def test_reset(own_with_a_tensor):
    KEPT.append(own_with_a_tensor.scalar(1.0))
    own_with_a_tensor.registry.reset()
@pytest.fixture
def reset(engine):
    yield engine
    engine.registry.reset()
""",
    "with loops of wider scopes": """
pytestmark = pytest.mark.asyncio(loop_scope="module")
@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def held(engine):
    await asyncio.sleep(0)
    with engine.scalar(1.0) as tensor:
        yield tensor
@pytest_asyncio.fixture(loop_scope="module")
async def left(engine):
    await asyncio.sleep(0)
    yield engine.scalar(1.0)
async def test_first(held): pass
async def test_leaky(held, engine):
    KEPT.append(engine.scalar(1.0))
async def test_leaky_fixture(held, left): pass
async def test_leaky_task_that_lives_on(engine):
    async def hold():
        with engine.scalar(1.0):
            await asyncio.sleep(1000)
    KEPT.append(asyncio.create_task(hold()))
    await asyncio.sleep(0)
async def test_last(held):
    assert held.array() == 1.0
""",
}


@pytest.mark.parametrize("kind", FIXTURES)
def test_fixtures(assert_only_leaky_ones_fail, kind):
    assert_only_leaky_ones_fail(FIXTURES[kind])

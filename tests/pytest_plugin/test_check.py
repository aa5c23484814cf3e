"""Leaks in every style of test; what only pytest references is not a leak."""

import pytest

pytestmark = pytest.mark.tensor_leaks(allow=1000)  # the sessions leak on purpose, in this process

STYLES = {
    "plain": """
def test_leaky(engine):
    KEPT.append(engine.scalar(1.0))
def test_leaky_and_vanished(engine):
    engine.scalar(1.0)
def test_clean(engine):
    with engine.scalar(1.0) as tensor:
        assert tensor.array() == 1.0
    with engine.tidy():
        KEPT.append(engine.scalar(2.0))
""",
    "asyncio": """
async def test_leaky(engine):
    await asyncio.sleep(0)
    KEPT.append(engine.scalar(1.0))
async def test_leaky_task(engine):
    async def make():
        KEPT.append(engine.scalar(1.0))
    await asyncio.create_task(make())
async def test_leaky_thread(engine):
    KEPT.append(await asyncio.to_thread(engine.scalar, 1.0))
async def test_clean(engine):
    async with engine.scope():
        await asyncio.sleep(0)
        KEPT.append(await asyncio.to_thread(engine.scalar, 1.0))
async def test_clean_after_a_task_was_cancelled_at_the_end_of_the_loop(engine):
    async def hold():
        async with engine.scope():
            engine.scalar(1.0)
            await asyncio.sleep(1000)
    KEPT.append(asyncio.create_task(hold()))
    await asyncio.sleep(0)
""",
    "anyio": """
import anyio
pytestmark = pytest.mark.anyio
@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"
@pytest.fixture
async def tensor(engine):
    await anyio.sleep(0)
    with engine.scalar(1.0) as tensor:
        yield tensor
async def test_leaky(engine, tensor):
    await anyio.sleep(0)
    KEPT.append(engine.scalar(1.0))
async def test_clean(engine, tensor):
    async with engine.scope(), anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, engine.scalar, 1.0)
""",
    "class": """
class TestThings:
    def setup_method(self):
        self.tensor = KEPT[0].scalar(1.0)
    def teardown_method(self):
        self.tensor.dispose()
    @pytest.fixture(autouse=True, scope="class")
    def keep(self, engine):
        KEPT.append(engine)
    def test_leaky(self, engine):
        self.other = engine.scalar(1.0)
    async def test_leaky_asyncio(self, engine):
        self.other = engine.scalar(1.0)
    def test_clean(self):
        assert self.tensor.array() == 1.0
""",
    "unittest": """
ENGINE = Engine("cpu")
class Things(unittest.TestCase):
    def setUp(self):
        self.tensor = ENGINE.scalar(1.0)
        self.addCleanup(self.tensor.dispose)
    def test_leaky(self):
        KEPT.append(ENGINE.scalar(1.0))
    def test_clean(self):
        assert self.tensor.array() == 1.0
class LaterThings(unittest.IsolatedAsyncioTestCase):
    async def test_leaky_later(self):
        KEPT.append(ENGINE.scalar(1.0))
    async def test_clean_later(self):
        ENGINE.scalar(1.0).dispose()
class OwnThings(unittest.TestCase):
    def setUp(self):
        self.engine = Engine("cpu")
        if "cleanup" in self._testMethodName:
            self.addCleanup(self.engine.close)
    def tearDown(self):
        if "cleanup" not in self._testMethodName:
            self.engine.close()
    def test_leaky_own(self):
        KEPT.append(self.engine.scalar(1.0))
    def test_leaky_cleanup(self):
        KEPT.append(self.engine.scalar(1.0))
    def test_clean_own(self):
        self.engine.scalar(1.0).dispose()
    def test_clean_closed_by_the_test(self):
        KEPT.append(self.engine.scalar(1.0))
        self.engine.close()
class OwnLaterThings(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.human = Human()
    async def asyncTearDown(self):
        await self.human.aclose()
    async def test_leaky_own_later(self):
        KEPT.append(self.human.engine.scalar(1.0))
    async def test_clean_own_later(self):
        self.human.engine.scalar(1.0).dispose()
""",
    "parametrised": """
@pytest.mark.parametrize("count", [0, 1, 2], ids=["clean", "leaky", "leaky_twice"])
def test_count(engine, count):
    KEPT.extend(engine.scalar(1.0) for _ in range(count))
@pytest.fixture(scope="module", params=[1, 2])
def held(request, engine):
    tensors = [engine.scalar(1.0) for _ in range(request.param)]
    yield tensors
    engine.dispose(tensors)
@pytest.mark.parametrize("count", [0, 1], ids=["clean", "leaky"])
def test_with_a_parametrised_fixture(engine, held, count):
    KEPT.extend(engine.scalar(1.0) for _ in range(count))
""",
    "hypothesis": """
@hypothesis.settings(max_examples=20, database=None)
@hypothesis.given(number=st.integers(0, 1000))
def test_leaky(engine, number):
    with engine.scalar(number):
        if number > 10:
            KEPT.append(engine.scalar(1.0))
@hypothesis.settings(max_examples=20, database=None)
@hypothesis.given(number=st.integers(0, 1000))
def test_clean(engine, number):
    with engine.scalar(number) as tensor:
        assert tensor.array() == number
@hypothesis.settings(max_examples=20, database=None)
@hypothesis.given(number=st.integers(0, 1000))
async def test_leaky_asyncio(engine, number):
    KEPT.append(engine.scalar(1.0))
""",
}


# What may vanish silently is no leak because pytest still holds it, wherever.
HOLDERS = """
def test_in_a_traceback(engine):
    held = automatic(engine)
    with pytest.raises(ZeroDivisionError) as caught:
        held.array() / 0
    assert caught.value
def test_in_a_cycle(engine):
    cycle = [automatic(engine)]
    cycle.append(cycle)
def test_in_the_values_of_an_assertion(engine):
    assert [automatic(engine).shape, automatic(engine).shape] == [(), automatic(engine).shape]
@pytest.fixture
def result(engine):
    return automatic(engine)
def test_in_a_fixture(result): pass
@pytest.fixture
def result_of_a_closed_engine(humanrt_engine):
    return automatic(humanrt_engine)
def test_in_a_fixture_when_the_engine_is_closed(result_of_a_closed_engine): pass
class TestSelf:
    def test_in_an_attribute(self, engine):
        self.result = automatic(engine)
def test_leaky_in_a_global(engine):
    KEPT.append(automatic(engine))
"""

FAILS_WITH_TENSORS = """
def test_fails(engine):
    held, kept = [automatic(engine) for _ in range(5)], engine.scalar(1.0)
    assert not held
def test_leaky_while_the_frames_of_the_one_before_are_released(engine):
    KEPT.append(engine.scalar(1.0))
"""


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_test(assert_only_leaky_ones_fail, style):
    assert_only_leaky_ones_fail(STYLES[style])


def test_tensors_that_only_pytest_references_are_no_leak(assert_only_leaky_ones_fail):
    assert_only_leaky_ones_fail(HOLDERS)


def test_the_frames_of_a_failed_test_hide_no_leak(session):
    became = session(FAILS_WITH_TENSORS)
    assert list(became.values()) == ["failed", "failed"]

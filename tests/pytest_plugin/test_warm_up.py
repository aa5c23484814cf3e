"""Runs of a test before the one that is counted."""

import pytest

pytestmark = pytest.mark.tensor_leaks(allow=1000)  # the sessions leak on purpose, in this process

CACHED = """
CACHE, RUNS = [], []
@pytest.fixture(autouse=True)
def cold():
    yield
    CACHE.clear()
    RUNS.clear()
def cached(engine):
    RUNS.append(1)
    if len(RUNS) < 3:
        CACHE.append(engine.scalar(1.0))
        KEPT.append(CACHE[-1])
"""

WARM_UPS = {
    "plain": """
@pytest.mark.tensor_leaks(warmup=2)
def test_warm(engine):
    cached(engine)
    assert len(RUNS) <= 3
@pytest.mark.tensor_leaks(warmup=1)
def test_leaky_not_warm_enough(engine):
    cached(engine)
@pytest.mark.tensor_leaks(allow=1, warmup=1)
def test_warm_enough(engine):
    cached(engine)
@pytest.mark.tensor_leaks(warmup=2)
def test_leaky_once_more_in_an_engine_that_is_closed(humanrt_engine):
    cached(humanrt_engine)
    humanrt_engine.scalar(1.0)
@pytest.mark.tensor_leaks(warmup=2)
def test_leaky_every_time(engine):
    engine.scalar(1.0)
@pytest.mark.tensor_leaks(warmup=2)
def test_frees_what_the_warm_ups_left(engine):
    cached(engine)
    engine.dispose(CACHE)
""",
    "asyncio": """
@pytest.mark.tensor_leaks(warmup=2)
async def test_warm(engine):
    await asyncio.sleep(0)
    cached(engine)
@pytest.mark.tensor_leaks(warmup=1)
async def test_leaky_not_warm_enough(engine):
    await asyncio.sleep(0)
    cached(engine)
""",
    "anyio": """
import anyio
pytestmark = [pytest.mark.anyio, pytest.mark.tensor_leaks(warmup=2)]
async def test_warm(engine):
    await anyio.sleep(0)
    cached(engine)
@pytest.mark.tensor_leaks(warmup=1)
async def test_leaky_not_warm_enough(engine):
    await anyio.sleep(0)
    cached(engine)
@pytest.fixture
def anyio_backend():
    return "asyncio"
""",
    "class": """
ENGINE = Engine("cpu")
@pytest.mark.tensor_leaks(warmup=2)
class TestThings:
    def test_warm(self, engine):
        cached(engine)
    def test_leaky(self, engine):
        KEPT.append(engine.scalar(1.0))
@pytest.mark.tensor_leaks(warmup=2)
class Things(unittest.TestCase):
    def test_warm_unittest(self):
        cached(ENGINE)
    def test_leaky_unittest(self):
        KEPT.append(ENGINE.scalar(1.0))
@pytest.mark.tensor_leaks(warmup=2)
class OwnThings(unittest.TestCase):
    def setUp(self):
        self.engine = Engine("cpu")
    def tearDown(self):
        self.engine.close()
    def test_closed_by_the_test(self):
        KEPT.append(self.engine.scalar(1.0))
        self.engine.close()
    def test_leaky_own(self):
        KEPT.append(self.engine.scalar(1.0))
""",
    "hypothesis": """
@pytest.mark.tensor_leaks(warmup=2)
@hypothesis.settings(max_examples=3, database=None)
@hypothesis.given(number=st.integers(0, 1000))
def test_warm(engine, number):
    cached(engine)
@pytest.mark.tensor_leaks(warmup=2)
@hypothesis.settings(max_examples=3, database=None)
@hypothesis.given(number=st.integers(0, 1000))
def test_leaky(engine, number):
    engine.scalar(number)
""",
}

FAILS_IN_THE_WARM_UP = """
RUNS = []
@pytest.mark.tensor_leaks(warmup=2)
def test_fails(engine):
    KEPT.append(engine.scalar(1.0))
    RUNS.append(1)
    assert len(RUNS) > 1
@pytest.mark.tensor_leaks(warmup=2)
def test_skips(engine):
    KEPT.append(engine.scalar(1.0))
    pytest.skip("not here")
"""


@pytest.mark.parametrize("style", WARM_UPS)
def test_warm_ups_are_not_counted(assert_only_leaky_ones_fail, style):
    assert_only_leaky_ones_fail(CACHED + WARM_UPS[style], ini="")


def test_a_warm_up_that_fails_fails_the_test(session):
    assert session(FAILS_IN_THE_WARM_UP) == {"test_fails": "failed", "test_skips": "skipped"}

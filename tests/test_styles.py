"""``Engine.style()``: a tensor in, a tensor out, counted, off the loop, within the budget."""

import asyncio
import threading

import numpy as np
import pytest
import repetitions

from humanrt import Engine, read_picture
from humanrt.admission import statistics
from humanrt.config import StyleConfig
from humanrt.errors import ConfigError, EngineClosedError, InputError, TensorDisposedError
from humanrt.imaging.styles import STYLES, apply_style, style_memory, tiles
from parity.pictures import PICTURES

COFFEE = read_picture(PICTURES / "coffee.png")


@pytest.fixture
async def engine():
    async with Engine("cpu") as engine:
        yield engine
        assert engine.memory().num_tensors == 0


async def test_a_style_of_a_tensor_is_that_of_its_pixels(engine):
    with engine.tensor(COFFEE[:120, :160]) as image, await engine.style(image, "oil", brush=0.5, fast=True) as styled:
        assert engine.memory().num_tensors == 2
        config = StyleConfig().merge({"name": "oil", "fast": True, "oil": {"brush": 0.5}})
        assert np.array_equal(styled.numpy(), apply_style(COFFEE[:120, :160], config))
        with await engine.style(image, config) as again:
            assert np.array_equal(styled.numpy(), again.numpy())


async def test_a_style_belongs_to_the_scope_of_its_caller(engine):
    async with engine.scope():
        image = engine.tensor(COFFEE[:40, :40])
        styled = await engine.style(image, "sketch")
        assert engine.memory().num_tensors == 2
    assert styled.is_disposed


@pytest.mark.parametrize(
    ("style", "parameters", "message"),
    [
        ("cubism", {}, "style.name is 'cubism'; it must be 'sketch' or 'pencil' or 'oil' or 'watercolor'"),
        ("oil", {"brush": 9}, "style.oil.brush is 9.0; it must be 0.25 to 3"),
        ("oil", {"brsh": 1}, "unknown key 'style.oil.brsh'; the nearest known one is 'style.oil.brush'"),
        ("sketch", {"fast": "yes"}, "style.fast is 'yes'; it must be a bool"),
    ],
)
async def test_a_wrong_parameter_costs_nothing(engine, style, parameters, message):
    with engine.tensor(COFFEE[:40, :40]) as image:
        with pytest.raises(ConfigError) as caught:
            await engine.style(image, style, **parameters)
        assert str(caught.value) == message
        assert engine.memory().num_tensors == 1


async def test_an_input_that_is_no_picture_is_refused(engine):
    with engine.tensor(np.zeros((4, 4), np.uint8)) as image:
        with pytest.raises(InputError, match="uint8"):
            await engine.style(image, "oil")
        with pytest.raises(InputError, match="pass a Tensor"):
            await engine.style(COFFEE, "oil")
    with pytest.raises(TensorDisposedError):
        await engine.style(image, "oil")
    assert statistics().used == 0


async def test_a_closed_engine_styles_nothing():
    engine = Engine("cpu")
    image = engine.tensor(COFFEE[:4, :4])
    await engine.aclose()
    with pytest.raises(EngineClosedError):
        await engine.style(image, "oil")


async def test_a_cancelled_style_ends_with_its_tile_and_leaves_no_tensor(engine, monkeypatch):
    began, painted = threading.Event(), []
    go_on = threading.Event()

    class Painter:
        halo = 0

        def paint(self, window, top, left, part):
            painted.append((top, left))
            began.set()
            assert go_on.wait(30)
            return part.of(window)

    monkeypatch.setitem(STYLES, "oil", lambda *_: Painter())
    with engine.tensor(np.zeros((3 * tiles.TILE_SIDE, 8, 3), np.uint8)) as image:
        call = asyncio.create_task(engine.style(image, "oil"))
        await asyncio.to_thread(began.wait, 30)
        assert statistics().used == style_memory(*image.shape[:2], StyleConfig())
        call.cancel()
        await asyncio.sleep(0)  # the cancellation reaches the call, which waits for its tile
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert len(painted) == 1
        assert engine.memory().num_tensors == 1
        assert statistics().used == 0


async def test_an_error_of_a_style_leaves_no_tensor(engine, monkeypatch):
    def fail(*_):
        raise MemoryError("no memory")

    monkeypatch.setitem(STYLES, "oil", fail)
    with engine.tensor(COFFEE[:40, :40]) as image:
        with pytest.raises(MemoryError, match="no memory"):
            await engine.style(image, "oil")
        assert engine.memory().num_tensors == 1
        assert statistics().used == 0


async def test_a_style_is_computed_off_the_thread_of_the_loop(engine, monkeypatch):
    threads = []
    for name, paint in dict(STYLES).items():
        monkeypatch.setitem(
            STYLES, name, lambda *given, paint=paint: threads.append(threading.get_ident()) or paint(*given)
        )
    async with engine.scope():
        image = engine.tensor(COFFEE[:40, :40])
        await asyncio.gather(*(engine.style(image, name) for name in STYLES))
    assert len(threads) >= len(STYLES)
    assert threading.get_ident() not in threads


def resident():
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - read often
        return int(file.read().split()[1]) * 4096


@pytest.mark.slow(seconds=8)
@pytest.mark.soak
async def test_styles_in_a_row_do_not_grow_the_process(engine):
    """The slope of the resident memory over the pictures after the tenth, of random styles and sizes."""
    random = np.random.default_rng(12)
    used = []
    for _ in range(repetitions.STYLED_PICTURES):
        height, width = random.integers(60, 200, 2)
        with engine.tensor(COFFEE[:height, :width]) as image:
            name = str(random.choice(list(STYLES)))
            (await engine.style(image, name, fast=bool(random.integers(2)))).dispose()
        assert engine.memory().num_tensors == 0
        used.append(resident())
    slope = np.polyfit(np.arange(len(used) - 10), used[10:], 1)[0]
    print(f"{len(used)} pictures: {slope / 1e3:.1f} kB a picture")
    assert slope < 10e3 if repetitions.SOAK else used[-1] - used[10] < 20e6

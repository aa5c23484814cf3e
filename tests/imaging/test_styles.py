"""Artistic styles: tiles without seams, parameters that act, memory as announced."""

import numpy as np
import pytest

from humanrt import read_picture
from humanrt.config import StyleConfig
from humanrt.errors import InputError
from humanrt.imaging.opencv import load_cv2
from humanrt.imaging.styles import STYLES, apply_style, style_memory
from humanrt.imaging.styles import apply as applying
from humanrt.imaging.styles.tiles import ALIGNMENT, TILE_SIDE, Stopped, paint_tiles
from parity.pictures import PICTURES

COFFEE = read_picture(PICTURES / "coffee.png")
WHOLE = 4096
# Sides of no multiple of anything, and tiles that are small beside them.
ODD, SMALL_TILE = COFFEE[:181, :303], 8 * ALIGNMENT
assert TILE_SIDE % ALIGNMENT == 0


def config(name, **more):
    return StyleConfig().merge({"name": name, **more})


@pytest.fixture
def wide_strokes(monkeypatch):
    """Strokes of the size that they have in a picture of 12 megapixels."""
    monkeypatch.setattr(applying, "PIXELS_OF_UNIT", ODD.shape[0] * ODD.shape[1] / 3.5**2)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", STYLES)
def test_tiles_leave_no_seam(wide_strokes, name, fast):
    whole = apply_style(ODD, config(name, fast=fast), tile_side=WHOLE).astype(int)
    tiled = apply_style(ODD, config(name, fast=fast), tile_side=SMALL_TILE).astype(int)
    difference = np.abs(tiled - whole)
    assert difference.mean() < 0.1  # of 255: OpenCV rounds differently at the right edge of arrays
    # The steps across the borders of tiles are those of the whole form.
    for axis, side in enumerate(ODD.shape[:2]):
        at = np.arange(SMALL_TILE, side, SMALL_TILE)
        steps = [np.abs(each.take(at, axis) - each.take(at - 1, axis)).mean() for each in (tiled, whole)]
        assert steps[0] == pytest.approx(steps[1], abs=0.25)


@pytest.mark.parametrize("name", STYLES)
def test_a_style_of_any_size_and_layout_has_the_size_of_the_picture(name):
    for picture in (COFFEE[:1, :1], COFFEE[:2, :97], COFFEE[:64, 1::5], COFFEE[::-7, :40, ::-1]):
        before = picture.copy()
        for fast in (False, True):
            styled = apply_style(picture, config(name, fast=fast))
            assert styled.shape == picture.shape
            assert styled.dtype == np.uint8
            assert styled.flags.c_contiguous
        assert np.array_equal(picture, before)


@pytest.mark.parametrize(
    ("name", "less", "more", "measure"),
    [
        ("sketch", {"detail": 0.0}, {"detail": 1.0}, lambda page: -page.mean()),
        ("sketch", {"shading": 0.0}, {"shading": 1.0}, lambda page: -page.mean()),
        ("pencil", {"color": 0.0}, {"color": 1.0}, lambda page: np.ptp(page.astype(int), axis=2).mean()),
        ("pencil", {"pressure": 0.3}, {"pressure": 1.5}, lambda page: -page.mean()),
        ("oil", {"relief": 0.0}, {"relief": 1.0}, lambda page: np.abs(np.diff(page.astype(int), axis=0)).mean()),
        ("oil", {"brush": 3.0, "relief": 0.0}, {"brush": 0.25, "relief": 0.0}, lambda page: page[..., 1].std()),
        ("watercolor", {"pigment": 0.0}, {"pigment": 1.0}, lambda page: page[40:-40, 40:-40].std()),
    ],
)
def test_a_parameter_acts(name, less, more, measure):
    picture = COFFEE[::2, ::2]
    weak, strong = (measure(apply_style(picture, config(name, **{name: each}))) for each in (less, more))
    assert strong > weak


def test_a_drawing_without_colour_is_grey():
    for page in (
        apply_style(ODD, config("sketch")),
        apply_style(ODD, config("pencil", pencil={"color": 0.0})),
    ):
        assert np.ptp(page.astype(int), axis=2).max() <= 1


def test_a_sketch_of_an_edge_is_a_dark_line_on_white_paper():
    picture = np.full((120, 120, 3), 230, np.uint8)
    picture[:, 60:] = 150
    page = apply_style(picture, config("sketch", sketch={"shading": 0.0}))[..., 0]
    assert page[:, 56:66].min(axis=1).max() < 120
    assert page[:, :40].min() > 240
    assert page[:, 80:].min() > 240


def test_oil_paints_patches_of_few_colours():
    """Within a patch neighbours differ less than in the noise that the picture has."""
    noise = np.random.default_rng(3).integers(-20, 21, (160, 160, 3))
    picture = (np.full((160, 160, 3), 112) + noise).astype(np.uint8)
    page = apply_style(picture, config("oil", oil={"relief": 0.0}))
    assert page.std() < picture.std() / 3
    assert page.mean() == pytest.approx(112, abs=4)


def test_the_same_picture_gives_the_same_result():
    cv2 = load_cv2()
    assert cv2.getNumThreads() == 1
    for name in STYLES:
        assert np.array_equal(apply_style(ODD, config(name)), apply_style(ODD, config(name)))


def test_a_style_that_is_stopped_ends_with_its_tile():
    calls = []

    class Painter:
        halo = 0

        def paint(self, window, top, left, part):
            calls.append((top, left))
            return part.of(window)

    with pytest.raises(Stopped):
        paint_tiles(Painter(), ODD, fast=False, stopped=lambda: len(calls) == 3, side=SMALL_TILE)
    assert len(calls) == 3


def test_the_memory_that_a_style_takes_grows_by_its_result_alone():
    small, large = (style_memory(side, side, config("oil", oil={"brush": 0.25})) for side in (4_000, 4_001))
    assert large - small == pytest.approx(3 * (4_001**2 - 4_000**2), abs=2**20)
    assert style_memory(2048, 3072, config("oil")) < 48e6


def test_an_array_that_is_no_picture_is_refused():
    with pytest.raises(InputError, match="uint8"):
        apply_style(ODD.astype(np.float32), config("oil"))

"""Each filter against the passes of WebGL in float64, with the numbers of Human's ``src/image/imagefx.ts``."""

import asyncio
import tracemalloc
from math import cos, pi, sin

import numpy as np
import pytest
from webgl import Chain

from humanrt.config import FilterConfig
from humanrt.imaging.filters import filter_picture, filtered_size, strips

# As Human has them, row by row, with the column of alpha and the row of alpha.
ALPHA = [0, 0, 0, 1, 0]
SEPIA = [0.393, 0.7689999, 0.18899999, 0, 0, 0.349, 0.6859999, 0.16799999, 0, 0, 0.272, 0.5339999, 0.13099999, 0, 0]
BROWNIE = [
    *(0.5997023498159715, 0.34553243048391263, -0.2708298674538042, 0, 47.43192855600873),
    *(-0.037703249837783157, 0.8609577587992641, 0.15059552388459913, 0, -36.96841498319127),
    *(0.24113635128153335, -0.07441037908422492, 0.44972182064877153, 0, -7.562075277591283),
]
KODACHROME = [
    *(1.1285582396593525, -0.3967382283601348, -0.03992559172921793, 0, 63.72958762196502),
    *(-0.16404339962244616, 1.0835251566291304, -0.05498805115633132, 0, 24.732407896706203),
    *(-0.16786010706155763, -0.5603416277695248, 1.6014850761964943, 0, 35.62982807460946),
]
TECHNICOLOR = [
    *(1.9125277891456083, -0.8545344976951645, -0.09155508482755585, 0, 11.793603434377337),
    *(-0.3087833385928097, 1.7658908555458428, -0.10601743074722245, 0, -70.35205161461398),
    *(-0.231103377548616, -0.7501899197440212, 1.847597816108189, 0, 30.950940869491138),
]
POLAROID = [1.438, -0.062, -0.062, 0, 0, -0.122, 1.378, -0.122, 0, 0, -0.016, -0.016, 1.483, 0, 0]
BLUR = [0.0044299121055113265, 0.00895781211794, 0.0215963866053, 0.0443683338718, 0.0776744219933, 0.115876621105]
BLUR += [0.147308056121]
BLUR += [0.159576912161, *reversed(BLUR)]


def brightness(chain, amount):
    b = amount + 1
    chain.colour_matrix([b, 0, 0, 0, 0, 0, b, 0, 0, 0, 0, 0, b, 0, 0, *ALPHA])


def contrast(chain, amount):
    v, o = amount + 1, -128 * amount
    chain.colour_matrix([v, 0, 0, 0, o, 0, v, 0, 0, o, 0, 0, v, 0, o, *ALPHA])


def sharpness(chain, a):
    chain.convolution([0, -a, 0, -a, 1 + 4 * a, -a, 0, -a, 0])


def saturation(chain, amount):
    x = amount * 2 / 3 + 1
    y = (x - 1) * -0.5
    chain.colour_matrix([x, y, y, 0, 0, y, x, y, 0, 0, y, y, x, 0, 0, *ALPHA])


def hue(chain, degrees):
    c, s = cos(degrees / 180 * pi), sin(degrees / 180 * pi)
    r, g, b = 0.213, 0.715, 0.072
    chain.colour_matrix(
        [
            *(r + c * (1 - r) + s * -r, g + c * -g + s * -g, b + c * -b + s * (1 - b), 0, 0),
            *(r + c * -r + s * 0.143, g + c * (1 - g) + s * 0.140, b + c * -b + s * -0.283, 0, 0),
            *(r + c * -r + s * -(1 - r), g + c * -g + s * g, b + c * (1 - b) + s * b, 0, 0),
            *ALPHA,
        ]
    )


def negative(chain):
    contrast(chain, -2)


def sepia(chain):
    chain.colour_matrix([*SEPIA, *ALPHA])
    chain.colour_matrix([*SEPIA, *ALPHA])


def colours(matrix):
    return lambda chain: chain.colour_matrix([*matrix, *ALPHA])


def vintage_sepia(chain):
    for matrix in (SEPIA, BROWNIE, SEPIA):
        chain.colour_matrix([*matrix, *ALPHA])


def every_one(chain):
    brightness(chain, 0.1)
    contrast(chain, -0.2)
    sharpness(chain, 0.5)
    chain.blur(2, BLUR)
    saturation(chain, 0.3)
    hue(chain, 20)
    negative(chain)
    vintage_sepia(chain)
    for matrix in (KODACHROME, TECHNICOLOR, POLAROID):
        chain.colour_matrix([*matrix, *ALPHA])
    chain.pixelate(3)


EVERY_ONE = {
    "brightness": 0.1,
    "contrast": -0.2,
    "sharpness": 0.5,
    "blur": 2,
    "saturation": 0.3,
    "hue": 20,
    **dict.fromkeys(("negative", "sepia", "vintage", "kodachrome", "technicolor", "polaroid"), True),
    "pixelate": 3,
}


@pytest.fixture(scope="module")
def picture():
    """Noise on a gradient, of an odd size, with black and white."""
    y, x = np.mgrid[0:61, 0:73]
    smooth = np.stack([x * 255 // 72, y * 255 // 60, (x + y) * 255 // 132], axis=-1)
    noise = np.random.default_rng(8).integers(-60, 60, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def small_strips(monkeypatch):
    """Divide the small pictures of these tests into many strips."""
    monkeypatch.setattr(strips, "STRIP_PIXELS", 500)


CASES = [
    *(({"brightness": b}, lambda chain, b=b: brightness(chain, b)) for b in (-1, -0.3, 0.2, 1)),
    *(({"contrast": c}, lambda chain, c=c: contrast(chain, c)) for c in (-1, -0.35, 0.2, 1)),
    *(({"sharpness": a}, lambda chain, a=a: sharpness(chain, a)) for a in (0.3, 1)),
    *(({"blur": size}, lambda chain, size=size: chain.blur(size, BLUR)) for size in (1, 2.2, 7, 15, 90)),
    *(({"saturation": a}, lambda chain, a=a: saturation(chain, a)) for a in (-1, 0.4, 1)),
    *(({"hue": degrees}, lambda chain, degrees=degrees: hue(chain, degrees)) for degrees in (30, 180, 300)),
    ({"negative": True}, negative),
    ({"sepia": True}, sepia),
    ({"vintage": True}, colours(BROWNIE)),
    ({"kodachrome": True}, colours(KODACHROME)),
    ({"technicolor": True}, colours(TECHNICOLOR)),
    ({"polaroid": True}, colours(POLAROID)),
    *(({"pixelate": size}, lambda chain, size=size: chain.pixelate(size)) for size in (1, 4, 10.5, 64, 500)),
    ({"sepia": True, "vintage": True}, vintage_sepia),
    (EVERY_ONE, every_one),
]


@pytest.mark.parametrize(("filters", "reference"), CASES, ids=[" ".join(filters) for filters, _ in CASES])
def test_a_filter_computes_what_the_shaders_compute(picture, filters, reference):
    chain = Chain(picture)
    reference(chain)
    expected, near = chain.picture(), chain.near[:: 1 if chain.drawn % 2 == 0 else -1]
    given = filter_picture(picture, FilterConfig(**filters))
    difference = np.abs(given.astype(int) - expected)
    if chain.drawn == 1:  # a second pass would carry a value that is rounded in the other direction
        assert not difference[near > 1e-3].any()
    assert difference.max() <= (1 if len(filters) == 1 else 24)
    assert difference.mean() < 0.5
    assert (given != picture).any() or filters == {"pixelate": 1}


def test_what_is_drawn_before_is_read_between_its_pixels(picture):
    """Large pixels and a blur after another pass sample a texture that is interpolated, and turned by each pass."""
    for filters in ({"sepia": True, "pixelate": 7}, {"contrast": 0.2, "pixelate": 7}, {"contrast": 0.2, "blur": 3.3}):
        chain = Chain(picture)
        if "contrast" in filters:
            contrast(chain, 0.2)
        if "sepia" in filters:
            sepia(chain)
        if "blur" in filters:
            chain.blur(3.3, BLUR)
        else:
            chain.pixelate(7)
        difference = np.abs(filter_picture(picture, FilterConfig(**filters)).astype(int) - chain.picture())
        assert difference.max() <= 1


@pytest.mark.parametrize("filters", [{}, {"flip": True}, {"negative": True}, EVERY_ONE])
def test_the_callers_picture_is_never_written_unless_it_is_given_away(picture, filters):
    before, config = picture.copy(), FilterConfig(**filters)
    given = filter_picture(picture, config)
    assert (picture == before).all()
    assert not np.shares_memory(given, picture)
    own = picture.copy()
    assert filter_picture(own, config, in_place=True) is own
    assert (own == given).all()
    own = picture.copy()
    own.flags.writeable = False
    assert (filter_picture(own, config, in_place=True) == given).all()


@pytest.mark.parametrize(
    ("filters", "size"),
    [
        ({"width": 640}, (640, 426)),
        ({"height": 640}, (960, 640)),
        ({"width": 10, "height": 700}, (10, 700)),
        ({"width": 1}, (1, 1)),
        ({}, (1500, 1000)),
    ],
)
def test_one_side_follows_the_other_as_on_a_canvas(filters, size):
    """Human computes the other side, and the canvas cuts the fraction off; here it has at least one pixel."""
    assert filtered_size(1500, 1000, FilterConfig(**filters)) == size


def test_a_smaller_picture_has_the_mean_of_the_pixels_and_a_mirror_swaps_columns(picture):
    quarter = filter_picture(np.tile(picture[:60, :72], (2, 2, 1)), FilterConfig(width=72))
    blocks = np.tile(picture[:60, :72], (2, 2, 1)).reshape(60, 2, 72, 2, 3).mean(axis=(1, 3))
    assert np.abs(quarter - blocks).max() <= 0.5
    assert (filter_picture(picture, FilterConfig(flip=True)) == picture[:, ::-1]).all()


def test_the_automatic_brightness_is_that_of_humans_next_frame(picture):
    """It is ``1 - max / 255``, and does not act where a brightness is set."""
    dark = picture // 2
    largest = dark.max() / 255
    chain = Chain(dark)
    brightness(chain, 1 - largest)
    assert (filter_picture(dark, FilterConfig(auto_brightness=True)) == chain.picture()).all()
    both, one = FilterConfig(auto_brightness=True, brightness=-0.1), FilterConfig(brightness=-0.1)
    assert (filter_picture(dark, both) == filter_picture(dark, one)).all()


def test_the_equalisation_is_humans(picture):
    dark = picture // 2 + np.array([3, 0, 9], np.uint8)
    expected = (dark - dark.min(axis=(0, 1)).astype(float)) * 255 / int(dark.max())
    given = filter_picture(dark, FilterConfig(equalization=True))
    assert np.abs(given - expected).max() <= 0.5 + 1e-6
    for constant in (0, 1):
        flat = np.full((4, 5, 3), constant, np.uint8)
        assert (filter_picture(flat, FilterConfig(equalization=True)) == flat).all()
    assert picture.max() == 255
    assert (filter_picture(picture, FilterConfig(equalization=True)) == picture).all()


@pytest.mark.parametrize("name", ["brightness", "sharpness", "blur", "hue", "pixelate", "equalization"])
def test_a_cancelled_call_ends_between_strips(picture, name):
    left, config = iter([False, False]), FilterConfig().merge({name: name == "equalization" or 1})
    with pytest.raises(asyncio.CancelledError):
        filter_picture(picture // 2, config, stopped=lambda: next(left, True))


@pytest.mark.parametrize("name", [*EVERY_ONE, "equalization", "auto_brightness", "flip"])
def test_a_filter_allocates_strips_only(monkeypatch, name):
    """Of a picture of 9 MB, in place: OpenCV's arrays are NumPy's, which tracemalloc counts."""
    monkeypatch.undo()
    picture = np.random.default_rng(4).integers(0, 200, (1500, 2000, 3), np.uint8)
    values = {**EVERY_ONE, "equalization": True, "auto_brightness": True, "flip": True}
    config = FilterConfig(**{name: values[name]})
    filter_picture(picture[:50].copy(), config, in_place=True)  # imports
    tracemalloc.start()
    try:
        filter_picture(picture, config, in_place=True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * 2**20

import numpy as np
import pytest

from humanrt.drawing.primitives import (
    LIGHT_BLUE,
    SHADOW,
    curve,
    draw_box,
    draw_label,
    draw_lines,
    draw_points,
    translucent,
)
from humanrt.errors import InputError


@pytest.fixture(params=[0, 128, 255], ids=["dark", "grey", "bright"])
def canvas(request) -> np.ndarray:
    return np.full((120, 160, 3), request.param, np.uint8)


def changed(canvas) -> np.ndarray:
    """Return the pixels that do not have the colour of the last corner."""
    return (canvas != canvas[-1, -1]).any(axis=2)


def test_a_box_is_drawn_as_an_outline_at_its_coordinates(canvas) -> None:
    draw_box(canvas, (30, 20, 60, 40))
    for x, y in ((30, 40), (90, 40), (60, 20), (60, 60)):
        assert canvas[y, x].tolist() == pytest.approx(LIGHT_BLUE, abs=25)
    rows, columns = np.nonzero(changed(canvas))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((20, 60, 30, 90), abs=3)
    assert not changed(canvas)[25:55, 35:85].any(), "the inside of the box stays visible"


def test_lines_are_visible_on_dark_and_bright_backgrounds(canvas) -> None:
    draw_lines(canvas, [(10, 60), (150, 60)])
    column = canvas[56:65, 80].astype(int).mean(axis=1)
    assert column.max() - column.min() > 120


def test_a_label_without_room_above_the_box_is_below_it(canvas) -> None:
    draw_box(canvas, (30, 4, 60, 40), "face 98%")
    assert not changed(canvas)[10:40, 36:84].any(), "the inside of the box stays visible"
    assert changed(canvas)[48:56, 34:60].all()


def test_labels_have_contrast_and_stay_inside_the_picture(canvas) -> None:
    for corner in ((30, 20), (-50, -50), (500, 500)):
        drawn = np.full_like(canvas, canvas[0, 0, 0])
        draw_box(drawn, (*corner, 10, 10), "face 98%\nhappy")
        plain = np.full_like(canvas, canvas[0, 0, 0])
        draw_box(plain, (*corner, 10, 10))
        label = (drawn != plain).any(axis=2)
        assert label.sum() > 300
        text = drawn[label].astype(int).mean(axis=1)
        assert text.max() - text.min() > 120
        assert (np.abs(drawn.astype(int) - LIGHT_BLUE).max(axis=2) < 40).any()


def test_points_are_drawn_as_dots_at_their_coordinates(canvas) -> None:
    draw_points(canvas, [(40.4, 30, -7.5), (100, 80, 3)], color=(255, 0, 0))
    for x, y in ((40, 30), (100, 80)):
        assert canvas[y, x].tolist() == pytest.approx([255, 0, 0], abs=60)
    assert 15 < changed(canvas).sum() < 80


def test_the_radius_of_dots(canvas) -> None:
    sizes = []
    for radius in (0.5, 3, 6):
        drawn = canvas.copy()
        draw_points(drawn, [(80, 60)], (255, 0, 0), radius=radius)
        sizes.append(changed(drawn).sum())
    assert 1 <= sizes[0] <= 12  # no shadow, and an anti-aliased edge
    # Half a pixel of shadow, and up to one of anti-aliased edge.
    for radius, size in ((3, sizes[1]), (6, sizes[2])):
        assert np.pi * (radius + 0.5) ** 2 <= size <= np.pi * (radius + 2) ** 2


def test_shadows_do_not_cover_a_dense_mesh() -> None:
    canvas = np.zeros((50, 50, 3), np.uint8)
    draw_points(canvas, [(x, 25) for x in range(10, 40, 2)])
    assert (canvas[25, 10:39] > 120).all()


def test_lines_are_open_unless_closed(canvas) -> None:
    corners = [(20, 20), (100, 20), (100, 100)]
    open_line = canvas.copy()
    draw_lines(open_line, corners)
    assert not changed(open_line)[55:65, 55:65].any()
    draw_lines(canvas, corners, closed=True)
    assert changed(canvas)[55:65, 55:65].any()


def test_the_width_of_lines_grows_with_the_picture() -> None:
    def width(height: int) -> int:
        canvas = np.zeros((height, 50, 3), np.uint8) if height < 50 else np.zeros((height, height, 3), np.uint8)
        draw_lines(canvas, [(0, 20), (49, 20)])
        return int((canvas[:, 25] > 128).any(axis=1).sum())

    assert width(2000) > width(1000) > width(100) > 0


def test_no_points_and_points_far_outside_draw_nothing(canvas) -> None:
    before = canvas.copy()
    draw_points(canvas, [])
    draw_lines(canvas, [])
    draw_points(canvas, [(1e30, -1e30)])
    draw_box(canvas, (1e9, 1e9, 5, 5))
    assert np.array_equal(canvas, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_coordinate_that_is_not_finite_is_refused_before_anything_is_drawn(canvas, bad) -> None:
    before = canvas.copy()
    for draw in (
        lambda: draw_points(canvas, [(5, 5), (5, bad)]),
        lambda: draw_lines(canvas, [(5, 5), (bad, 5)]),
        lambda: draw_box(canvas, (5, 5, bad, 5), "label"),
    ):
        with pytest.raises(InputError, match="not finite"):
            draw()
    assert np.array_equal(canvas, before)


def test_a_picture_that_is_not_a_canvas_is_refused(canvas) -> None:
    frozen = canvas.copy()
    frozen.flags.writeable = False
    for image, message in (
        (frozen, "writable"),
        (canvas[:, ::2], "C-contiguous"),
        (canvas.astype(np.float32), "float32"),
        (canvas[..., 0], r"\[120, 160\]"),
        (np.zeros((0, 5, 3), np.uint8), r"\[0, 5, 3\]"),
    ):
        with pytest.raises(InputError, match=message):
            draw_box(image, (1, 1, 5, 5))


def test_shadows_are_thin_below_640_pixels() -> None:
    """A line has one pixel of shadow on one side there, and at least one on each side above."""

    def dark_and_bright(side: int) -> tuple[int, int]:
        canvas = np.full((side, side, 3), 128, np.uint8)
        draw_lines(canvas, [(-10, 100), (side + 10, 100)], (255, 255, 255))
        column = canvas[:, side // 2, 0].astype(int)
        return int((column < 90).sum()), int((column > 190).sum())

    for side in (256, 639):
        dark, bright = dark_and_bright(side)
        assert dark <= bright <= 2
    for side in (640, 1000, 4000):
        dark, bright = dark_and_bright(side)
        assert dark >= 2


def test_widths_shadows_and_corners_can_be_chosen(canvas) -> None:
    draw_box(canvas, (20, 20, 100, 80), color=(255, 0, 0), width=5, shadow=None, radius=30)
    assert canvas[60, 18:23].tolist() == [[255, 0, 0]] * 5
    assert not changed(canvas)[18:26, 18:26].any(), "the corner is round"
    assert (np.abs(canvas.astype(int) - SHADOW).max(axis=2) > 20)[changed(canvas)].all()


def test_labels_are_translucent() -> None:
    stripes = np.zeros((60, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    draw_label(stripes, "face 98%", 10, 50)
    row = stripes[50 - 2, 20:60, 0].astype(int)  # below the letters
    assert 40 < (row.max() - row.min()) < 200


def test_a_curve_passes_the_middles_between_points() -> None:
    """quadraticCurveTo() of a canvas: each inner point is the control point of a part."""
    path = curve([(0, 0), (10, 20), (20, 0), (30, 20)])
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [30, 20]
    assert [15, 10] in path.tolist()
    assert path[:, 1].max() == 20
    assert path[1:-1, 1].max() < 14
    assert curve([(0, 0), (1, 1)]).tolist() == [[0, 0], [1, 1]]


def test_what_is_drawn_translucently_is_blended_by_alpha() -> None:
    canvas = np.full((50, 50, 3), 100, np.uint8)
    with translucent(canvas, [(10, 10), (20, 20)], 0.25, margin=2) as pixels:
        pixels[...] = 200
    assert (canvas[8:22, 8:22] == 125).all()
    assert (canvas[30:, 30:] == 200).all(), "only what is around the points is blended"
    for alpha, points in ((1.0, [(10, 10)]), (0.5, [(90, 90)])):
        canvas[...] = 100
        with translucent(canvas, points, alpha, margin=2) as pixels:
            pixels[10, 10] = 200
        assert canvas[10, 10, 0] == 200

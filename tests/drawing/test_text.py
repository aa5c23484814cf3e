import numpy as np
import pytest

from humanrt.drawing.text import Type
from humanrt.errors import ConfigError

WORD = ("Hgjy|É 98%",)


def pixels_of(font, lines, size=(300, 600)):
    picture = np.zeros((*size, 3), np.uint8)
    font.draw(picture, lines, (20, 30), (255, 255, 255), None)
    rows, columns = (picture.max(axis=2) > 40).nonzero()
    return rows, columns


@pytest.mark.parametrize("size", [9, 10, 17, 68])
def test_letters_fill_their_label_and_stay_in_it(size):
    font = Type("sans", size, round(1.25 * size))
    width, height = font.measure(WORD)
    rows, columns = pixels_of(font, WORD)
    assert 30 <= rows.min() <= rows.max() < 30 + height
    assert 20 <= columns.min() <= columns.max() < 20 + width
    assert np.ptp(rows) > 0.85 * size, "from accent to descender"
    assert width - np.ptp(columns) < 1.2 * size


def test_capitals_are_three_quarters_of_the_size():
    rows, _ = pixels_of(Type("sans", 100, 125), ("H",))
    assert np.ptp(rows) == pytest.approx(75, abs=2)


def test_lines_are_a_line_height_apart():
    font = Type("sans", 20, 40)
    one, two = pixels_of(font, ("H",))[0], pixels_of(font, ("H", "H"))[0]
    assert two.max() - one.max() == 40
    assert font.measure(("H", "H"))[1] - font.measure(("H",))[1] == 40


def test_the_ground_of_a_label_is_its_size_and_clipped_to_the_picture():
    font = Type("sans", 20, 25)
    width, height = font.measure(("Hg",))
    for corner in ((10, 10), (-20, -10), (90, 90), (200, 200)):
        picture = np.full((100, 100, 3), 255, np.uint8)
        font.draw(picture, ("Hg",), corner, (255, 255, 255), (0, 0, 0))
        expected = np.zeros((100, 100), bool)
        left, top = corner
        expected[max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)] = True
        covered = (picture < 250).any(axis=2)
        assert not (covered & ~expected).any()
        assert covered.sum() >= 0.8 * expected.sum()


def test_a_font_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match=r"draw.font is 'Comic'"):
        Type("Comic", 20, 25).measure(("H",))


@pytest.mark.parametrize("mark", ["\ud800", "\0", "\n", "\t", "\x1b", "\x7f", "\x85"])
def test_what_has_no_letter_is_drawn_as_a_replacement_character(mark):
    font = Type("sans", 20, 25)
    assert font.measure((f"a{mark}b",)) == font.measure(("a\ufffdb",))
    for found, expected in zip(pixels_of(font, (f"a{mark}b",)), pixels_of(font, ("a\ufffdb",)), strict=True):
        np.testing.assert_array_equal(found, expected)

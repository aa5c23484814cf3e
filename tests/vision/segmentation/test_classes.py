import pytest

from humanrt.vision.segmentation.classes import palette


@pytest.mark.parametrize(
    ("label", "color"),
    [
        (0, (0, 0, 0)),
        (1, (128, 0, 0)),  # aeroplane
        (8, (64, 0, 0)),  # cat
        (15, (192, 128, 128)),  # person
        (20, (0, 64, 128)),  # monitor
        (255, (224, 224, 192)),
    ],
)
def test_the_palette_is_that_of_pascal_voc(label, color):
    """As in its development kit."""
    assert palette(label) == color


def test_no_two_labels_have_one_colour():
    assert len({palette(label) for label in range(256)}) == 256

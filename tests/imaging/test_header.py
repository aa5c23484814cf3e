import pytest

from humanrt import ImageConfig
from humanrt.errors import InputError
from humanrt.imaging.header import PLAIN_BYTES, Header, check_size


def test_the_default_limit_of_pixels_is_a_limit_of_memory_too() -> None:
    limit = ImageConfig.max_pixels
    Header("PNG", 1000, limit // 1000, PLAIN_BYTES * limit).check(limit)
    with pytest.raises(InputError, match=r"1000 x 100 pixels of its kind take 600 MB to decode, the limit is 600 MB"):
        Header("GIF", 1000, 100, PLAIN_BYTES * limit + 1).check(limit)
    Header("GIF", 1000, 100, PLAIN_BYTES * limit + 1).check(limit + 1)


def test_a_smaller_limit_of_pixels_does_not_lower_that_of_memory() -> None:
    Header("AVIF", 100, 100, 40 * 10_000, 10_000).check(10_000)


def test_a_part_larger_than_the_picture_is_limited() -> None:
    with pytest.raises(InputError, match=r"100 x 100, but a part of it has 10,001 pixels; the limit is 10,000"):
        Header("AVIF", 100, 100, 0, 10_001).check(10_000)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-5, 5), (-5, -5)])
def test_a_picture_without_pixels_is_refused(width, height) -> None:
    with pytest.raises(InputError, match="it has no pixels"):
        check_size(width, height, 100)


def test_the_limit_is_inclusive_and_has_a_ceiling() -> None:
    check_size(10, 10, 100)
    with pytest.raises(InputError, match=r"10 x 11 = 110 pixels, the limit is 100 \(the setting image.max_pixels\)"):
        check_size(10, 11, 100)
    with pytest.raises(InputError, match="the limit is 268,435,456"):
        check_size(30_000, 30_000, 10**12)

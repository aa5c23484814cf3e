import pytest

from humanrt.errors import CardError
from humanrt.zoo import SamplePicture
from humanrt.zoo.samples import decode_picture


def picture(constant):
    return SamplePicture(name="a.jpg", sha256="0" * 64, bytes=1, constant=constant, width=1, height=1)


# RFC 4648, section 10.
SOURCE = """// a comment
export const face: string = `
Zm9v
YmFy
`;
export const body = `
Zm8=`;
export const odd = `!`;
"""


def test_the_constants_are_decoded():
    assert decode_picture(SOURCE, picture("face")) == b"foobar"
    assert decode_picture(SOURCE, picture("body")) == b"fo"


@pytest.mark.parametrize("constant", ["bod", "hand", "odd", ".*"])
def test_a_constant_that_is_not_there_is_named(constant):
    with pytest.raises(CardError, match=r"a\.jpg: constant"):
        decode_picture(SOURCE, picture(constant))

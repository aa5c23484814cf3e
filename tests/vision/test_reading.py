"""Outputs that cannot be read: told with the model that gave them."""

import numpy as np
import pytest
from humanrt.vision.reading import reading

from humanrt.errors import ConfigError, InputError, ModelFormatError
from humanrt.zoo import find_card

CARD = find_card("blazeface-front")
OUTPUTS = [np.zeros((1, 512, 1), np.float32), np.zeros(4, np.int64)]


def read(error):
    with reading(CARD, ("scores", "boxes"), OUTPUTS):
        raise error


@pytest.mark.parametrize("kind", [ValueError, IndexError, KeyError, TypeError, ZeroDivisionError, InputError])
def test_it_is_the_model_that_does_not_fit(kind):
    cause = kind("no such row")
    said = (
        r"blazeface-front gave scores float32 \[1, 512, 1\], boxes int64 \[4\], which cannot be read as those of a "
        r"model for face\.detector \('?no such row'?\)"
    )
    with pytest.raises(ModelFormatError, match=said) as raised:
        read(cause)
    assert raised.value.__cause__ is cause


@pytest.mark.parametrize("kind", [ConfigError, ModelFormatError, MemoryError, KeyboardInterrupt])
def test_what_speaks_for_itself_passes(kind):
    error = kind("as it is")
    with pytest.raises(kind) as raised:
        read(error)
    assert raised.value is error


def test_what_can_be_read():
    with reading(CARD, ("scores", "boxes"), OUTPUTS):
        pass

import numpy as np
import pytest

from humanrt import Result
from humanrt.errors import InputError, TensorDisposedError
from humanrt.result import Segmentation

RED, GREEN = [200, 0, 0], [0, 100, 0]
OTHER = np.full((1, 3, 3), 7, np.uint8)


@pytest.fixture
def segmentation(humanrt_engine):
    """Three red pixels: not a person, half a person, a person."""
    engine = humanrt_engine
    labels = engine.tensor([[0, 1, 1]], dtype="uint8")
    found = Segmentation(
        legend=(),
        labels=labels,
        masks=labels.expand_dims(),
        alpha=engine.tensor([[0.0, 0.5, 1.0]]),
        foreground=engine.tensor([[RED] * 3], dtype="uint8"),
    )
    yield found
    engine.dispose(found)


@pytest.mark.parametrize(
    "background",
    [GREEN, tuple(GREEN), np.array(GREEN), np.array([[GREEN] * 3], np.uint8)],
    ids=["list", "tuple", "array", "picture"],
)
def test_people_in_front_of_another_background(segmentation, background):
    picture = segmentation.over(background)
    assert (picture.dtype, picture.tolist()) == (np.uint8, [[GREEN, [100, 50, 0], RED]])
    picture[:] = 0  # it is the caller's


def test_a_tensor_is_a_picture_too(segmentation, humanrt_engine):
    with humanrt_engine.tensor([[GREEN] * 3], dtype="uint8") as background:
        assert segmentation.over(background).tolist() == [[GREEN, [100, 50, 0], RED]]
        background.dispose()
        with pytest.raises(TensorDisposedError):
            segmentation.over(background)


@pytest.mark.parametrize(
    ("background", "said"),
    [
        ((1, 2), r"this is int64 \[2\]"),
        ((0, 0, 256), r"this is int64 \[3\]"),
        ((-1, 0, 0), "three whole numbers of 0..255"),
        ((0.5, 0.5, 0.5), r"this is float64 \[3\]"),
        (OTHER[:, :2], r"a picture as large as this one, uint8 \[1, 3, 3\]; this is uint8 \[1, 2, 3\]"),
        (OTHER.astype(np.float32), r"this is float32 \[1, 3, 3\]"),
        (OTHER[0], r"this is uint8 \[3, 3\]"),
        ("red", "a background is a colour"),
        (None, "a background is a colour"),
        ([[1, 2], [3]], r"uint8 \[1, 3, 3\]; this is none: .* inhomogeneous"),
    ],
)
def test_what_is_no_background(segmentation, background, said):
    with pytest.raises(InputError, match=said):
        segmentation.over(background)


@pytest.mark.parametrize("missing", ["alpha", "foreground"])
def test_without_alpha_or_foreground(segmentation, missing):
    parts = {**vars(segmentation), missing: None}
    with pytest.raises(InputError, match=r'rvm, selfie, meet\) for both, with segmentation\.mode "default"'):
        Segmentation(**parts).over(GREEN)


def test_after_its_tensors_are_gone(segmentation):
    for tensor in segmentation.tensors():
        tensor.dispose()
    with pytest.raises(TensorDisposedError):
        segmentation.over(GREEN)


def test_its_tensors_are_the_results(segmentation, humanrt_engine):
    state = humanrt_engine.tensor([[1]], dtype="uint8")
    parts = {**vars(segmentation), "state": state}
    with Result(3, 1, segmentation=Segmentation(**parts)) as result:
        assert set(result.tensors()) == {*segmentation.tensors(), state}
        assert "segmentation" not in result.to_human()
    assert humanrt_engine.memory().baseline == (0, 0, 0, 0)

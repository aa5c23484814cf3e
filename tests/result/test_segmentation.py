import json
from dataclasses import replace

import numpy as np
import pytest

from humanrt import Result
from humanrt.errors import InputError, TensorDisposedError
from humanrt.result import Segment, Segmentation

RED, GREEN = [200, 0, 0], [0, 100, 0]
OTHER = np.full((1, 3, 3), 7, np.uint8)


@pytest.fixture
def segmentation(humanrt_engine):
    """Three red pixels with an alpha of 0, 0.5 and 1."""
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
def test_over_blends_the_foreground_with_the_background_by_alpha(segmentation, background):
    picture = segmentation.over(background)
    assert (picture.dtype, picture.tolist()) == (np.uint8, [[GREEN, [100, 50, 0], RED]])
    picture[:] = 0  # it is writable


def test_over_accepts_a_tensor(segmentation, humanrt_engine):
    with humanrt_engine.tensor([[GREEN] * 3], dtype="uint8") as background:
        assert segmentation.over(background).tolist() == [[GREEN, [100, 50, 0], RED]]
        background.dispose()
        with pytest.raises(TensorDisposedError):
            segmentation.over(background)


@pytest.mark.parametrize(
    ("background", "message"),
    [
        ((1, 2), r"this background is int64 \[2\]; accepted are a colour"),
        ((0, 0, 256), r"is int64 \[3\]"),
        ((-1, 0, 0), "three integers of 0..255"),
        ((0.5, 0.5, 0.5), r"is float64 \[3\]"),
        (OTHER[:, :2], r"is uint8 \[1, 2, 3\]; .* a picture of the same size, uint8 \[1, 3, 3\]"),
        (OTHER.astype(np.float32), r"is float32 \[1, 3, 3\]"),
        (OTHER[0], r"is uint8 \[3, 3\]"),
        ("red", "accepted are a colour"),
        (None, "accepted are a colour"),
        ([[1, 2], [3]], r"is not an array: .* inhomogeneous.*; accepted are .* uint8 \[1, 3, 3\]"),
    ],
)
def test_an_invalid_background_is_refused(segmentation, background, message):
    with pytest.raises(InputError, match=message):
        segmentation.over(background)


@pytest.mark.parametrize("missing", ["alpha", "foreground"])
def test_over_without_alpha_or_foreground_names_the_cure(segmentation, missing):
    parts = {**vars(segmentation), missing: None}
    with pytest.raises(InputError, match=r'rvm, selfie, meet\) for both, with segmentation\.mode "default"'):
        Segmentation(**parts).over(GREEN)


def test_over_after_disposal_raises(segmentation):
    for tensor in segmentation.tensors():
        tensor.dispose()
    with pytest.raises(TensorDisposedError):
        segmentation.over(GREEN)


def test_the_result_owns_the_tensors_of_its_segmentation(segmentation, humanrt_engine):
    state = humanrt_engine.tensor([[1]], dtype="uint8")
    parts = {**vars(segmentation), "state": state}
    with Result(3, 1, segmentation=Segmentation(**parts)) as result:
        assert set(result.tensors()) == {*segmentation.tensors(), state}
        assert "segmentation" not in result.to_human()
    assert humanrt_engine.memory().baseline == (0, 0, 0, 0)


def test_to_dict_is_the_legend_without_tensors(segmentation):
    person = Segment(label=1, name="person", color=(1, 2, 3), area=2, score=0.98765)
    found = replace(segmentation, legend=(person,))
    legend = [{"label": 1, "name": "person", "color": [1, 2, 3], "area": 2, "score": 0.988}]
    assert found.to_dict() == {"legend": legend}
    assert json.loads(found.to_json()) == {"legend": legend}
    assert found.to_dict(only="legend.name") == {"legend": [{"name": "person"}]}
    assert Result(3, 1, segmentation=found).to_dict()["segmentation"] == found.to_dict()
    assert Segment(**person.to_dict(decimals=None) | {"color": (1, 2, 3)}) == person


def test_human_has_no_form_of_it(segmentation):
    with pytest.raises(InputError, match="no form for Segmentation; to_dict"):
        segmentation.to_human()

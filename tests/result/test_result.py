from dataclasses import replace

import pytest
from records import BODY, FACE, HAND, OBJECT

from humanrt import Result, Segment, Segmentation


def face(**changes):
    return replace(FACE, **changes)


@pytest.mark.parametrize("record", [FACE, BODY, HAND, OBJECT], ids=lambda record: type(record).__name__)
def test_the_repr_of_a_record_has_no_arrays(record):
    assert repr(record).startswith(f"{type(record).__name__}(id=0, score=")
    assert len(repr(record)) < 700
    assert "array(" not in repr(record)


def test_faces_are_compared_by_identity():
    one = face()
    assert one == one
    assert one != face()
    assert len({one, face()}) == 2


def test_dispose_frees_the_tensors_of_all_faces(humanrt_engine):
    tensors = [humanrt_engine.scalar(1.0), humanrt_engine.scalar(2.0)]
    result = Result(1, 1, (face(tensor=tensors[0]), face(), face(tensor=tensors[1])))
    assert list(result.tensors()) == tensors
    with result:
        assert humanrt_engine.memory().num_tensors == 2
    assert humanrt_engine.memory().num_tensors == 0
    result.dispose()


@pytest.mark.parametrize("more", ["alpha", "foreground", None])
def test_dispose_frees_the_tensors_of_the_segmentation(humanrt_engine, more):
    labels, masks, extra = (humanrt_engine.zeros((2, 2), "uint8") for _ in range(3))
    extras = {} if more is None else {more: extra}
    segmentation = Segmentation((Segment(1, "person", (255, 0, 0), 0, 1.0),), labels, masks, **extras)
    with Result(2, 2, segmentation=segmentation) as result:
        assert set(result.tensors()) == {labels, masks, *extras.values()}
    assert extra.is_disposed is bool(extras)
    extra.dispose()
    assert humanrt_engine.memory().num_tensors == 0


def test_leaving_with_frees_the_tensors_also_on_an_error(humanrt_engine):
    result = Result(1, 1, (face(tensor=humanrt_engine.scalar(1.0)),))
    with pytest.raises(KeyError), result:
        raise KeyError
    assert humanrt_engine.memory().baseline == (0, 0, 0, 0)

"""The results of the real Human are as recorded, and do not depend on earlier requests."""

import itertools

import numpy as np
import pytest

from parity.pictures import read_picture

OFF = {"enabled": False}


def config(**detector):
    """Face detector and mesh only."""
    face = {"detector": detector, "iris": OFF, "emotion": OFF, "description": OFF, "antispoof": OFF, "liveness": OFF}
    return {"face": face, "body": OFF, "hand": OFF, "object": OFF, "gesture": OFF, "segmentation": OFF}


EVERY_DETECTOR = [
    {"maxDetected": most, "rotation": rotation, "square": square}
    for most, rotation, square in itertools.product((1, 20), (False, True), (False, True))
]


@pytest.mark.parametrize("detector", EVERY_DETECTOR, ids=lambda detector: "-".join(map(str, detector.values())))
def test_one_face_in_a_portrait_and_none_in_black(peer, detector):
    portrait = peer.human(read_picture("human_face"), config(**detector))
    black = peer.human(read_picture("black"), config(**detector))

    (face,) = portrait["face"]
    assert (portrait["width"], portrait["height"]) == (256, 256)
    assert (face["score"], face["boxScore"], face["faceScore"]) == (1, 0.9, 1)
    assert face["box"] == [0, 0, 256, 256]
    assert face["boxRaw"] == pytest.approx([-0.08984375, -0.095703125, 1.1640625, 1.16796875])
    assert len(face["mesh"]) == 468
    assert face["mesh"][0] == [122, 164, -13]
    assert black["face"] == []


@pytest.mark.parametrize(("rotation", "box"), [(False, [530, 51, 121, 121]), (True, [533, 53, 121, 121])])
def test_the_configuration_reaches_human(peer, rotation, box):
    (face,) = peer.human(read_picture("human_body"), config(rotation=rotation))["face"]
    assert face["box"] == box


def test_a_result_does_not_depend_on_earlier_requests(peer):
    requests = [("human_body", config(rotation=True)), ("astronaut", config()), ("human_face", config(maxDetected=20))]
    first = [detected(peer, *each) for each in requests]
    assert [detected(peer, *each) for each in reversed(requests)] == first[::-1]


def detected(peer, name, config):
    result = peer.human(read_picture(name), config)
    return {key: value for key, value in result.items() if key not in {"performance", "timestamp"}}


def test_a_face_has_its_crop_with_return(peer):
    (face,) = peer.human(read_picture("human_face"), config(**{"return": True}))["face"]
    assert face["tensor"].shape == (192, 192, 3)
    assert 0 <= face["tensor"].min() < 0.2 < 0.8 < face["tensor"].max() <= 1
    (plain,) = peer.human(read_picture("human_face"), config())["face"]
    assert "tensor" not in plain


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (1, 8, 8, 3)])
def test_an_image_of_another_shape_raises(peer, shape):
    with pytest.raises(ValueError, match="uint8"):
        peer.human(np.zeros(shape, np.uint8), config())

"""Which operating point belongs to the embeddings of a configuration."""

import pytest
from switches import OFF, ON

from humanrt.config import Config
from humanrt.matching import OPERATING_POINTS, point_for


@pytest.mark.parametrize(
    ("face", "name"),
    [
        ({}, "faceres"),
        ({"embedding": ON}, "sface"),
        ({"description": OFF, "embedding": ON}, "sface"),
        ({"description": {"aligned": True}}, None),
        ({"description": {"aligned": True}, "embedding": ON}, "sface"),
        ({"description": {"model_path": "faceres-deep.json"}}, None),
        ({"mobilefacenet": ON}, None),
        ({"description": OFF}, None),
        ({"enabled": False}, None),
    ],
)
def test_the_point_is_that_of_the_model_whose_embedding_a_face_has(face, name):
    point = point_for(Config().merge({"face": face}).face)
    assert point == (OPERATING_POINTS[name] if name else None)


def test_the_default_preset_has_a_point():
    assert point_for(Config.preset("balanced").face) == OPERATING_POINTS["sface"]

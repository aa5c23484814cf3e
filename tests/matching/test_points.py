"""Which operating point belongs to the embeddings of a configuration."""

import pytest
from switches import OFF, ON

from humanrt.config import Config
from humanrt.matching import OPERATING_POINTS, match, point_for, point_of
from humanrt.zoo import find_card


@pytest.mark.parametrize(
    ("face", "name"),
    [
        ({}, "faceres"),
        ({"embedding": ON}, "sface"),
        ({"description": OFF, "embedding": ON}, "sface"),
        ({"description": {"aligned": True}, "embedding": ON}, "sface"),
        ({"description": {"model_path": "faceres-deep.json"}}, "faceres-deep"),
        ({"description": {"model_path": "faceres-deep.json", "aligned": True}}, None),
        ({"description": {"model_path": "mine.json", "aligned": True}}, None),
        ({"mobilefacenet": ON}, None),
        ({"mobilefacenet": {**ON, "model_path": "mobileface"}}, "mobileface"),
        ({"mobilefacenet": {**ON, "model_path": "mobilefacenet-repaired.json"}}, "mobilefacenet-repaired"),
        ({"description": OFF}, None),
        ({"enabled": False}, None),
    ],
)
def test_the_point_is_that_of_the_model_whose_embedding_a_face_has(face, name):
    point = point_for(Config().merge({"face": face}).face)
    assert point == (OPERATING_POINTS[name] if name else None)


def test_aligned_faces_have_a_point_of_their_own():
    point = point_for(Config().merge({"face": {"description": {"aligned": True}}}).face)
    assert point == point_of(find_card("faceres"), aligned=True)
    assert (point.embedder, point.size, point.normalize) == ("faceres", 1024, True)
    assert point != OPERATING_POINTS["faceres"]


@pytest.mark.parametrize(
    ("name", "aligned", "cosine"),
    [
        ("sface", False, 0.363),
        ("faceres", True, 0.6162),
        ("faceres-deep", False, 0.7204),
        ("mobileface", False, 0.4654),
        ("mobilefacenet-repaired", False, 0.4856),
    ],
)
def test_the_threshold_is_the_cosine_that_its_card_names(name, aligned, cosine):
    point = point_of(find_card(name), aligned=aligned)
    assert f"{cosine}" in point.source
    for difference, accepted in ((0.003, True), (-0.003, False)):
        value = cosine + difference
        pair = [1.0, 0.0], [value, (1 - value**2) ** 0.5]
        assert (match.similarity(*pair, **point.options) >= point.similarity) is accepted


def test_the_default_preset_has_a_point():
    assert point_for(Config.preset("balanced").face) == OPERATING_POINTS["sface"]

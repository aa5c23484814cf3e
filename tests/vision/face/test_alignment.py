"""Aligned faces beside OpenCV's ``FaceRecognizerSF``, on the same points of the same pixels."""

import cv2
import numpy as np
import pytest

from humanrt import Human
from humanrt.config import FaceConfig
from humanrt.errors import ConfigError
from humanrt.vision.face.alignment import AlignedFaces, aligned, alignment_of, points_of
from humanrt.vision.face.box import FaceBox
from humanrt.vision.face.facemesh import INPUT_SIZE
from humanrt.vision.stage import InputForm
from humanrt.zoo import Alignment, Store, default_cache_dir, find_card
from parity.pictures import read_picture

TEMPLATE = np.array(find_card("sface").alignment.template)
ALIGNMENT = Alignment(template=tuple(map(tuple, TEMPLATE.tolist())))
CHANNELS_LAST, CHANNELS_FIRST = InputForm(112, 112, 3), InputForm(3, 112, 112)
NO_MESH = np.zeros((0, 3), np.float32)


def align(picture, *points, form=CHANNELS_LAST, alignment=ALIGNMENT, value_range=(0.0, 255.0)):
    return aligned(picture, form, AlignedFaces(list(points), alignment, value_range, FaceConfig()))


def box_with(landmarks):
    corner = np.zeros(2)
    return FaceBox(corner, corner + 100, np.array(landmarks, np.float64).reshape(-1, 2), 1.0, corner + 100)


def transformed(points, angle, scale, shift):
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + shift


@pytest.fixture(scope="module")
def noise():
    picture = np.random.default_rng(4).integers(0, 256, (300, 400, 3), np.uint8)
    return cv2.GaussianBlur(picture, (0, 0), 4)


@pytest.mark.parametrize(("angle", "scale", "shift"), [(0, 1, (0, 0)), (0.7, 1.5, (90, 40)), (3, 0.5, (200, 150))])
def test_an_exact_similarity_is_found(noise, angle, scale, shift):
    (cut,) = align(noise, transformed(TEMPLATE, angle, scale, np.array(shift)))
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    affine = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])
    expected = cv2.warpAffine(noise, affine, (112, 112), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    np.testing.assert_allclose(cut, expected, atol=1)


def test_four_points_have_the_middle_of_the_mouth(noise):
    five = transformed(TEMPLATE, 0.2, 1.3, np.array((70, 30)))
    four = np.stack([*five[:3], five[3:].mean(axis=0)])
    np.testing.assert_allclose(align(noise, four), align(noise, five), atol=1)


def test_a_face_is_never_mirrored():
    # A ramp from the left to the right, and one downwards: a mirrored face would exchange the sides of one of them.
    ramps = np.dstack([*np.meshgrid(np.arange(200), np.arange(200)), np.zeros((200, 200))]).astype(np.uint8)
    (cut,) = align(ramps, TEMPLATE * (-1, 1) + np.array((156, 44)))
    right, down = cut[56, 66, :2] - cut[56, 46, :2], cut[66, 56, :2] - cut[46, 56, :2]
    assert np.linalg.det([right, down]) > 0


def test_a_margin_shows_more(noise):
    points = np.add(TEMPLATE, (100, 80))
    with_margin = align(noise, points, alignment=Alignment(template=ALIGNMENT.template, margin=2.0))[0]
    affine = np.array([[2.0, 0, 100 - 56], [0, 2.0, 80 - 56]])
    expected = cv2.warpAffine(noise, affine, (112, 112), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    np.testing.assert_allclose(with_margin, expected, atol=1)


def test_the_range_and_the_order_of_axes_are_the_cards(noise):
    plain = align(noise, TEMPLATE)
    np.testing.assert_allclose(align(noise, TEMPLATE, value_range=(-1.0, 1.0)), plain / 127.5 - 1, atol=1e-6)
    first = align(noise, TEMPLATE, form=CHANNELS_FIRST)
    assert first.flags.c_contiguous
    np.testing.assert_array_equal(first, plain.transpose(0, 3, 1, 2))
    assert align(noise, TEMPLATE, TEMPLATE + 9).shape == (2, 112, 112, 3)


def test_points_that_coincide_make_an_input():
    assert np.isfinite(align(np.zeros((9, 9, 3), np.uint8), np.full((5, 2), 4.0))).all()


def test_the_points_of_a_face():
    mesh = np.random.default_rng(1).random((468, 3), np.float32) * INPUT_SIZE
    five, six = np.arange(10).reshape(5, 2), np.arange(12).reshape(6, 2)
    np.testing.assert_array_equal(points_of(box_with(five), mesh), five)
    eyes = [mesh[[33, 133], :2].mean(axis=0), mesh[[362, 263], :2].mean(axis=0)]
    np.testing.assert_allclose(points_of(box_with(six), mesh), [*eyes, *mesh[[4, 61, 291], :2]], rtol=1e-6)
    np.testing.assert_array_equal(points_of(box_with(six), NO_MESH), six[:4])
    assert points_of(box_with([]), NO_MESH) is None


def test_a_template_has_five_points():
    with pytest.raises(ValueError, match="template: has 4 points; it must have 5"):
        Alignment(template=ALIGNMENT.template[:4])
    with pytest.raises(ValueError, match="margin: must be positive"):
        Alignment(template=ALIGNMENT.template, margin=0.0)


def test_a_card_without_an_alignment():
    with pytest.raises(ConfigError, match=r"-deep has no \[alignment\], which a model for face\.description needs"):
        alignment_of(find_card("faceres-deep"))


# The real models.

ALONE = {
    "preset": "human",
    "face": {
        "detector": {"model_path": "yunet", "max_detected": 10, "min_confidence": 0.7, "iou_threshold": 0.3},
        "embedding": {"enabled": True},
        **{name: {"enabled": False} for name in ("mesh", "emotion", "description")},
    },
    **{name: {"enabled": False} for name in ("body", "hand", "gesture")},
}


def cosine(one, other):
    return one.ravel() @ other.ravel() / np.linalg.norm(one) / np.linalg.norm(other)


def opencvs_embeddings(picture):
    """Return the embeddings of OpenCV's own pipeline, best face first."""
    store = Store(default_cache_dir())
    height, width = picture.shape[:2]
    bgr = np.ascontiguousarray(picture[..., ::-1])
    detector = cv2.FaceDetectorYN.create(str(store.ensure(find_card("yunet"))), "", (width, height), 0.7, 0.3, 5000)
    recognizer = cv2.FaceRecognizerSF.create(str(store.ensure(find_card("sface"))), "")
    _, faces = detector.detect(bgr)
    return [recognizer.feature(recognizer.alignCrop(bgr, face)).copy() for face in faces]


@pytest.mark.slow(4)
@pytest.mark.parametrize("name", ["astronaut", "human_body", "two"])
async def test_embeddings_are_opencvs(name):
    if name == "two":
        picture = np.hstack([cv2.resize(read_picture(each), (400, 400)) for each in ("human_face", "astronaut")])
    else:
        picture = read_picture(name)
    theirs = opencvs_embeddings(picture)
    async with Human(ALONE) as human:
        size = {"face": {"detector": {"input_size": max(picture.shape)}}}
        with await human.detect(picture, size) as result:
            ours = [face.embedding for face in result.face]
        assert human.engine.memory().num_tensors == 0
    assert len(ours) == len(theirs) == 1 + (name == "two")
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == (128,)
        assert cosine(one, other) >= 0.9999


@pytest.mark.slow(4)
async def test_aligned_by_detector_or_mesh_a_person_is_the_same_and_others_are_not():
    threshold = 0.363  # of the authors of SFace
    woman, other = read_picture("human_face"), read_picture("astronaut")
    turned = cv2.warpAffine(woman, cv2.getRotationMatrix2D((128, 128), 25, 0.8), (256, 256))
    with_mesh = {"face": {"detector": {"model_path": "blazeface"}, "mesh": {"enabled": True}}}
    async with Human(ALONE) as human:

        async def embedding(picture, config=None):
            with await human.detect(picture, config) as result:
                (face,) = result.face
                return face.embedding

        first = await embedding(woman)
        assert cosine(first, await embedding(turned)) > threshold
        assert cosine(first, await embedding(woman, with_mesh)) > threshold
        assert cosine(first, await embedding(woman, {"face": {"detector": {"model_path": "blazeface"}}})) > threshold
        assert cosine(first, await embedding(other)) < threshold
        assert await embedding(woman, {"face": {"detector": {"model_path": "faceboxes"}}}) is None
        assert human.engine.memory().num_tensors == 0


@pytest.mark.slow(3)
@pytest.mark.parametrize(("model", "limit"), [("mobileface", 0.2), ("mobilefacenet-repaired", 0.5)])
async def test_mobileface_is_given_aligned_faces(model, limit):
    config = {"face": {"mobilefacenet": {"enabled": True, "model_path": model}, "embedding": {"enabled": False}}}
    async with Human(ALONE) as human:
        same, different = await similarities(human, config)
        assert same > limit > different + 0.1
        assert human.engine.memory().num_tensors == 0


@pytest.mark.slow(3)
@pytest.mark.parametrize("model", ["mobileface", "mobilefacenet"])
async def test_with_compat_it_is_given_humans_crop_and_everybody_is_the_same(model):
    config = {"face": {"mobilefacenet": {"enabled": True, "model_path": model}, "embedding": {"enabled": False}}}
    async with Human(ALONE) as human:
        assert min(await similarities(human, {**config, "compat": "human"})) > 0.99


async def similarities(human, config):
    """Return the cosines of a woman's face with itself, turned and smaller, and with another woman's."""
    woman = read_picture("human_face")
    turned = cv2.warpAffine(woman, cv2.getRotationMatrix2D((128, 128), 25, 0.8), (256, 256))
    embeddings = []
    for picture in (woman, turned, read_picture("astronaut")):
        with await human.detect(picture, config) as result:
            embeddings.append(result.face[0].embedding)
    return [cosine(embeddings[0], each) for each in embeddings[1:]]

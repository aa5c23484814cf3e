"""Faces in images, with the real models: what each setting does, and several faces at once."""

from dataclasses import replace
from types import MappingProxyType

import cv2
import numpy as np
import pytest
from counting import CountedRuns
from onnx import TensorProto, helper, save
from switches import FACES_ALONE, HUMANS, OFF, ON

from humanrt import Human, errors, match
from humanrt.compat import HUMAN
from humanrt.config import load_config
from humanrt.vision.face.facemesh import Placed, face_angle
from humanrt.vision.face.iris import IrisTask
from humanrt.vision.face.pipeline import face_models
from humanrt.vision.families import FAMILIES
from humanrt.vision.stage import family_of, run_stage
from humanrt.zoo import Store, find_card
from parity.pictures import read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

EVERY_DESCRIBER = dict.fromkeys(("antispoof", "liveness", "gear", "ssrnet", "mobilefacenet"), ON)
NOTHING = (0, 0, 0, 0)


@pytest.fixture
async def human():
    async with Human({**FACES_ALONE, "raise_errors": True}) as human:
        yield human
        assert human.engine.memory().baseline == NOTHING


@pytest.fixture
def astronaut():
    return read_picture("astronaut")


# What cv2.FaceDetectorYN returns for the astronaut: x, y, width, height.
OPENCVS_BOX = (178.2, 62.9, 89.9, 113.3)


# The same, for each sample picture.
FACES = {
    "human_face": (46.0, 7.3, 166.4, 222.8),
    "astronaut": OPENCVS_BOX,
    "human_body": (541.4, 36.6, 96.0, 127.0),
}


def overlap(box, other):
    """Intersection over union of two boxes."""
    sides = [min(box[i] + box[i + 2], other[i] + other[i + 2]) - max(box[i], other[i]) for i in (0, 1)]
    intersection = max(sides[0], 0) * max(sides[1], 0)
    return intersection / (box[2] * box[3] + other[2] * other[3] - intersection)


async def one_face(human, picture, **face):
    with await human.detect(picture, {"face": face}) as result:
        (found,) = result.face
        return found


class TestWhichModels:
    """``face_models()``: only models that a call uses are loaded."""

    @pytest.mark.parametrize(
        ("face", "keys"),
        [
            ({}, "detector mesh iris emotion description"),
            ({"iris": OFF, "emotion": OFF}, "detector mesh description"),
            ({"mesh": OFF}, "detector emotion description"),
            ({"attention": ON}, "detector attention emotion description"),
            ({"attention": ON, "mesh": OFF}, "detector emotion description"),
            (
                {"description": OFF, "emotion": OFF, **EVERY_DESCRIBER},
                "detector mesh iris antispoof liveness ssrnet.age ssrnet.gender gear mobilefacenet",
            ),
            ({"insightface": ON}, "detector mesh iris emotion description insightface"),
            ({"enabled": False}, ""),
            ({"detector": OFF}, ""),
        ],
    )
    def test_the_keys(self, face, keys):
        found = face_models(load_config({**HUMANS, "face": face}).face)
        assert set(found) == {f"face.{key}" for key in keys.split()}

    def test_the_paths(self):
        ssrnet = {**ON, "modelPathAge": "a.json", "modelPathGender": "g.json"}
        face = load_config({**HUMANS, "face": {"ssrnet": ssrnet}}).face
        found = face_models(face)
        assert (found["face.ssrnet.age"], found["face.ssrnet.gender"]) == ("a.json", "g.json")
        assert found["face.description"] == "faceres.json"

    async def test_a_model_of_another_kind_is_refused(self, human, astronaut):
        for face in (
            {"emotion": {"model_path": "faceres.json"}},
            {"ssrnet": {**ON, "model_path_gender": "age.json"}},
            {"attention": {**ON, "model_path": "facemesh.json"}},
        ):
            with pytest.raises(errors.ConfigError, match="is a model for"):
                await human.detect(astronaut, {"face": face})

    def test_a_detector_without_known_outputs_is_refused(self):
        card = replace(find_card("blazeface"), outputs=MappingProxyType({}))
        with pytest.raises(errors.ConfigError, match="a face detector has scores_512"):
            family_of(card, FAMILIES.face.detectors, "a face detector")


class TestDetectors:
    @pytest.mark.parametrize("square", [False, True])
    @pytest.mark.parametrize(
        "name",
        ["faceboxes", "blazeface-back", "blazeface-front", "facemesh-detection-full", "facemesh-detection-short"],
    )
    async def test_each_detects_the_face(self, human, astronaut, name, square):
        expected = await one_face(human, astronaut)
        detector = {"model_path": f"{name}.json", "square": square}
        face = await one_face(human, astronaut[:, :400], detector=detector)
        assert face.score > 0.9
        assert np.median(np.abs(face.mesh - expected.mesh)) < 3

    @pytest.mark.slow(2)
    @pytest.mark.parametrize("mesh", [ON, OFF], ids=["mesh", "no mesh"])
    async def test_the_box_of_each_is_the_face_as_annotators_draw_it(self, human, astronaut, mesh):
        for name in ("blazeface", "blazeface-front", "facemesh-detection-full", "faceboxes", "yunet"):
            detector = {"model_path": name, "square": True}
            face = await one_face(human, astronaut, detector=detector, mesh=mesh, emotion=OFF, description=OFF)
            assert overlap(face.box, OPENCVS_BOX) > 0.65, name
            assert overlap(face.crop, OPENCVS_BOX) < overlap(face.box, OPENCVS_BOX), name

    async def test_without_a_mesh_a_crop_is_as_large_as_the_detectors_input(self, human, astronaut):
        for name, size in (("blazeface", 256), ("blazeface-front", 128), ("facemesh-detection-full", 192)):
            detector = {"model_path": f"{name}.json", "return": True}
            with await human.detect(astronaut, {"face": {"mesh": OFF, "detector": detector}}) as result:
                assert result.face[0].tensor.shape == (size, size, 3)


class TestSeveralFaces:
    @pytest.fixture
    def crowd(self):
        """Four faces."""
        portrait, astronaut = read_picture("human_face"), read_picture("astronaut")[:256, 96:352]
        return np.concatenate(
            [np.concatenate([portrait, astronaut]), np.concatenate([astronaut[:, ::-1], portrait[:, ::-1]])], axis=1
        )

    @pytest.mark.slow
    @pytest.mark.parametrize("compat", [None, "human"])
    async def test_many_faces_are_described_as_each_one_alone(self, human, crowd, compat):
        face = {**EVERY_DESCRIBER, "detector": {"max_detected": 20, "return": True}}
        config = load_config({**HUMANS, "face": face, "compat": compat})
        with await human.detect(crowd, config) as result:
            assert len(result.face) == 4
            crops = np.stack([each.tensor.data_sync() for each in result.face]) * np.float32(255)
        models = await human._load(config, None)
        families = (HUMAN if compat else FAMILIES).face.describers
        checked = set()
        async with human.engine.scope():
            for key in families.keys() & models.keys():
                together = await run_stage(families[key], models[key], crops, config.face)
                for crop, one in zip(crops, together, strict=True):
                    (alone,) = await run_stage(families[key], models[key], crop[None], config.face)
                    checked |= self.assert_same(one, alone)
        assert checked == {"age", "gender", "emotion", "race", "embedding", "real", "live"}

    @staticmethod
    def assert_same(one, other):
        """Return the fields that both descriptions have."""
        fields = {name for name, value in vars(one).items() if value is not None}
        assert fields == {name for name, value in vars(other).items() if value is not None}
        if one.age is not None:
            assert one.age == pytest.approx(other.age, abs=1e-4)
        if one.gender is not None:
            assert one.gender.gender == other.gender.gender
            assert one.gender.score == pytest.approx(other.gender.score, abs=1e-6)
        for name in fields & {"real", "live", "embedding"}:
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-6)
        for name in fields & {"emotion", "race"}:
            assert [getattr(each, name) for each in getattr(one, name)] == [
                getattr(each, name) for each in getattr(other, name)
            ]
        return fields

    @pytest.mark.parametrize(
        "mesh", [{}, {"attention": ON}, {"attention": {**ON, "model_path": "facemesh-attention-pinto.json"}}]
    )
    async def test_many_faces_are_meshed_as_each_one_alone(self, human, crowd, mesh):
        """The attention mesh takes one face at a time; the others take all."""
        config = load_config({**HUMANS, "face": {**mesh, "detector": {"max_detected": 4}}})
        with await human.detect(crowd, config) as result:
            assert [len(each.mesh) for each in result.face] == [478] * 4
        models = await human._load(config, None)
        families = FAMILIES.face
        detector = family_of(models["face.detector"].card, families.detectors, "a face detector")

        async def meshed(boxes):
            """Return flags and meshes, those of the mesh model with irises."""
            model = models["face.attention" if "face.attention" in models else "face.mesh"]
            family = family_of(model.card, families.meshes, "a mesh model")
            found = await run_stage(family, model, crowd, Placed(boxes, [face_angle(box) for box in boxes]))
            points = found.points
            if "face.iris" in models:
                task = IrisTask(points, config.face.iris.scale)
                points = await run_stage(families.iris, models["face.iris"], found.crops, task)
            return found.flags, points

        async with human.engine.scope():
            boxes = await run_stage(detector, models["face.detector"], crowd, config.face.detector)
            flags, together = await meshed(boxes)
            alone = [await meshed([box]) for box in boxes]
        assert len(boxes) == 4
        assert 0.9 < flags.min() <= flags.max() <= 1
        for flag, mesh_together, (flag_alone, (mesh_alone,)) in zip(flags, together, alone, strict=True):
            assert len(mesh_together) == 478
            assert flag == pytest.approx(flag_alone[0], abs=1e-5)
            assert mesh_together == pytest.approx(mesh_alone, abs=1e-3)


def moved(name, angle=0.0, scale=1.0, shift=(0.0, 0.0)):
    """A sample face of 200 pixels in the middle of 400 x 400, turned, scaled and moved; and its affine."""
    picture, (x, y, width, height) = read_picture(name)[..., :3], FACES[name]
    scale *= 200 / height
    center = x + width / 2, y + height / 2
    affine = cv2.getRotationMatrix2D(center, angle, scale)
    affine[:, 2] += np.array([200.0, 200.0]) + shift - center
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < 1 else picture
    return cv2.warpAffine(smooth, affine, (400, 400), borderMode=cv2.BORDER_REPLICATE), affine


MOVES = ((-30, 1.0, (0, 0)), (20, 0.8, (13, -7)), (-10, 1.2, (-9, 5)))


class TestSecondLook:
    """Points of a face that is turned, scaled and moved by known amounts, compared with those of the upright face."""

    @staticmethod
    async def scatter(human, name, **face):
        """The mean distances of mesh and irises over that between the outer corners of the eyes."""
        yunet = {"model_path": "yunet", "scale": 1.2, "min_confidence": 0.5}
        face = {"emotion": OFF, "description": OFF, **face, "detector": {**yunet, **face.get("detector", {})}}

        async def points(picture):
            return (await one_face(human, picture, **face)).mesh[:, :2].astype(np.float64)

        picture, upright = moved(name)
        expected = await points(picture)
        unit = np.linalg.norm(expected[33] - expected[263])
        distances = []
        for move in MOVES:
            picture, affine = moved(name, *move)
            # Back through the image from which both were cut.
            places = np.linalg.solve(affine[:, :2], (await points(picture) - affine[:, 2]).T)
            back = (upright[:, :2] @ places).T + upright[:, 2]
            distances.append(np.linalg.norm(back - expected, axis=1) / unit)
        mean = np.mean(distances, axis=0)
        return mean[:468].mean(), mean[468:].mean()

    @pytest.mark.slow(3)
    @pytest.mark.parametrize("name", FACES)
    async def test_points_move_with_the_face(self, human, name):
        once = await self.scatter(human, name)
        turned = await self.scatter(human, name, detector={"rotation": True})
        twice = await self.scatter(human, name, mesh={"second_look": True})
        both = await self.scatter(human, name, detector={"rotation": True}, mesh={"second_look": True})
        for which in (0, 1):  # mesh, irises
            assert max(turned[which], twice[which]) < once[which] / 2
        assert both[0] < once[0] / 4
        assert max(both) < 0.012

    @pytest.mark.parametrize("attention", [{}, {"attention": ON}], ids=["mesh", "attention"])
    async def test_the_model_runs_twice_on_confirmed_faces_alone(self, human, astronaut, monkeypatch, attention):
        runs = CountedRuns(monkeypatch)
        key = "face.attention" if attention else "face.mesh"
        plain = await one_face(human, astronaut, **attention)
        assert runs.take()[key] == 1
        face = await one_face(human, astronaut, mesh={"second_look": True}, **attention)
        assert runs.take()[key] == 2
        assert (len(face.mesh), face.face_score) == (478, plain.face_score)
        distance = np.linalg.norm(face.mesh[:, :2] - plain.mesh[:, :2], axis=1)
        assert 0 < np.median(distance) < 4
        noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
        detector = {"min_confidence": 0.05}
        with await human.detect(noise, {"face": {"detector": detector, "mesh": {"second_look": True}, **attention}}):
            assert runs.take() == {"face.detector": 1, key: 1}

    async def test_the_crop_for_the_other_models_stays(self, human, astronaut):
        """So do descriptions: they are of the first crop."""
        plain, twice = [
            await one_face(human, astronaut, mesh={"second_look": look}, iris=OFF) for look in (False, True)
        ]
        assert np.array_equal(plain.embedding, twice.embedding)
        assert (plain.age, len(twice.mesh)) == (twice.age, 468)

    async def test_a_face_without_a_turn_is_found_where_it_was(self, human):
        """Turned by no angle, the crop of a face is the same."""
        picture, _ = moved("human_face")
        plain, turned = [await one_face(human, picture, detector={"rotation": rotation}) for rotation in (False, True)]
        assert np.abs(plain.mesh[:, :2] - turned.mesh[:, :2]).max() < 4


class TestAlignedDescriptions:
    async def test_embeddings_change_less_with_a_turn_of_the_face(self, human):
        """Upright and turned by 25 degrees: the cosine of the embeddings, and the age."""
        cosines = {}
        for aligned in (False, True):
            face = {
                "detector": {"model_path": "yunet", "scale": 1.2, "min_confidence": 0.5},
                "mesh": OFF,
                "emotion": OFF,
                "description": {"aligned": aligned},
            }
            cosines[aligned] = []
            for name in FACES:
                pictures = [moved(name, angle)[0] for angle in (0, 25)]
                upright, turned = [await one_face(human, picture, **face) for picture in pictures]
                assert upright.embedding.shape == (1024,)
                one, other = (match.normalize(each.embedding) for each in (upright, turned))
                cosines[aligned].append(float(one @ other))
                if aligned:
                    assert abs(upright.age - turned.age) < 4
                    assert upright.gender == turned.gender == "female"
        assert min(cosines[True]) > 0.93
        assert all(one > 2 * other - 1 for one, other in zip(cosines[True], cosines[False], strict=True))
        assert 1 - np.mean(cosines[True]) < (1 - np.mean(cosines[False])) / 3

    async def test_a_model_without_an_alignment_is_refused(self, human, astronaut):
        deep = {"aligned": True, "model_path": "faceres-deep"}
        with pytest.raises(errors.ConfigError, match=r"has no \[alignment\]"):
            await human.detect(astronaut, {"face": {"description": deep}})

    async def test_crops_of_human_stay(self, human, astronaut):
        config = {"compat": "human", "face": {"emotion": OFF, "description": {"aligned": True}}}
        with (
            await human.detect(astronaut, config) as result,
            await human.detect(astronaut, {"compat": "human"}) as plain,
        ):
            assert np.array_equal(result.face[0].embedding, plain.face[0].embedding)


class TestModules:
    async def test_each_describer_has_its_field(self, human, astronaut):
        face = await one_face(human, astronaut, **EVERY_DESCRIBER)
        assert face.race[0].race == "white"
        assert 0 <= face.real <= 1
        assert 0.5 < face.live <= 1
        assert face.embedding.shape == (192,)

    async def test_later_describers_override_earlier_ones(self, human, astronaut):
        """description, then ssrnet, then gear; mobilefacenet's embedding overrides description's."""
        plain = await one_face(human, astronaut)
        ssrnet = await one_face(human, astronaut, ssrnet=ON)
        gear = await one_face(human, astronaut, ssrnet=ON, gear=ON)
        assert len({plain.age, ssrnet.age, gear.age}) == 3
        assert (plain.race, ssrnet.race) == (None, None)
        alone = await one_face(human, astronaut, gear=ON, description=OFF)
        assert (alone.age, alone.gender, alone.embedding) == (gear.age, gear.gender, None)
        assert (await one_face(human, astronaut, description=OFF)).gender == "unknown"
        mobile = await one_face(human, astronaut, mobilefacenet={**ON, "model_path": "mobileface.json"})
        assert mobile.embedding.shape == (256,)
        assert mobile.age == plain.age

    async def test_faceres_deep(self, human, astronaut):
        deep = await one_face(human, astronaut, description={"model_path": "faceres-deep.json"})
        plain = await one_face(human, astronaut)
        assert deep.embedding.shape == (1024,)
        assert deep.gender_score > plain.gender_score + 0.2

    async def test_attention_replaces_mesh_and_iris(self, human, astronaut):
        plain, attention = await one_face(human, astronaut), await one_face(human, astronaut, attention=ON)
        assert len(attention.mesh) == 478
        assert np.median(np.abs(attention.mesh[:, :2] - plain.mesh[:, :2])) < 2
        for name in ("leftEyeIris", "rightEyeIris"):
            center, other = attention.annotations[name][0, :2], plain.annotations[name][0, :2]
            assert np.hypot(*(center - other)) < 3
        assert attention.distance == pytest.approx(plain.distance, rel=0.15)
        assert (await one_face(human, astronaut, attention=ON, iris=OFF)).distance is None

    async def test_without_irises_there_is_no_distance_and_no_gaze(self, human, astronaut):
        face = await one_face(human, astronaut, iris=OFF)
        assert len(face.mesh) == 468
        assert (face.distance, face.rotation.gaze.strength) == (None, 0)
        assert len(face.annotations["leftEyeIris"]) == 0

    @pytest.mark.parametrize("compat", [None, "human"])
    async def test_the_mask_darkens_around_the_face(self, human, astronaut, compat):
        crops = []
        for mask in (False, True):
            config = {"compat": compat, "face": {"detector": {"mask": mask, "return": True, "rotation": True}}}
            with await human.detect(astronaut, config) as result:
                crops.append((result.face[0].tensor.data_sync(), result.face[0].embedding))
        (plain, embedding), (masked, masked_embedding) = crops
        share = masked.sum(axis=-1) / plain.sum(axis=-1).clip(0.1)
        assert share[96, 96] == pytest.approx(1)
        assert share[[2, 2, 190, 190], [2, 190, 2, 190]] == pytest.approx([0.5] * 4, abs=0.02)
        assert 0.3 < np.mean(share > 0.9) < 0.9
        assert not np.allclose(embedding, masked_embedding)
        with await human.detect(astronaut, {"face": {"mesh": OFF, "detector": {"mask": True}}}) as result:
            assert len(result.face) == 1  # without a mesh there is no mask

    @pytest.mark.parametrize("crop", ["description", "emotion", "gear", "ssrnet"])
    async def test_the_margin_of_a_crop_changes_the_description(self, human, astronaut, crop):
        plain, cut = [await one_face(human, astronaut, **{crop: {**ON, "crop": margin}}) for margin in (0, 0.2)]
        field = "emotion" if crop == "emotion" else "age"
        assert getattr(plain, field) != getattr(cut, field)

    async def test_keep_invalid(self, human):
        """The detector's score is high where the mesh model's is not."""
        noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), np.uint8)
        detector = {"min_confidence": 0.05, "mask": True}  # without a mesh there is no mask
        counts = []
        for keep in (False, True):
            face = {"mesh": {"keep_invalid": keep}, "detector": detector}
            with await human.detect(noise, {"face": face}) as result:
                counts.append([len(each.mesh) for each in result.face])
        assert counts[0] == []
        assert set(counts[1]) == {6}


@pytest.fixture
def insightface(tmp_path, monkeypatch):
    """A custom model for face.insightface: the mean colour of a face, seven times."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 112, 112, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 21])
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("Concat", ["means"] * 7, ["features"], axis=1),
    ]
    graph = helper.make_graph(nodes, "mean", [image], [features])
    path = tmp_path / "mine.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    card = find_card("mobilefacenet")
    (image_spec,), (features_spec,) = card.inputs.values(), card.outputs.values()
    card = replace(
        card,
        name="mine",
        config_key="face.insightface",
        files=(replace(card.files[0], name="mine.json"),),
        inputs=MappingProxyType({"face": replace(image_spec, node="image", shape=("batch", 112, 112, 3))}),
        outputs=MappingProxyType({"descriptor": replace(features_spec, node="features", shape=("batch", 21))}),
    )
    monkeypatch.setattr(
        "humanrt.human_models.find_card",
        lambda name, among=None: card if name == "mine.json" else find_card(name, among),
    )
    ensure = Store.ensure
    monkeypatch.setattr(
        Store, "ensure", lambda store, asked, **options: path if asked is card else ensure(store, asked, **options)
    )


@pytest.mark.usefixtures("insightface")
async def test_a_later_embedding_overrides_an_aligned_one(human, astronaut):
    mobileface, insightface = {**ON, "model_path": "mobileface"}, {**ON, "model_path": "mine.json"}
    face = await one_face(human, astronaut, insightface=insightface, mobilefacenet=mobileface)
    assert face.embedding.shape == (21,)
    face = await one_face(human, astronaut, insightface=insightface, mobilefacenet=mobileface, embedding=ON)
    assert face.embedding.shape == (128,)


@pytest.mark.usefixtures("insightface")
async def test_insightface_runs_a_custom_model(human, astronaut):
    face = await one_face(human, astronaut, insightface={**ON, "model_path": "mine.json"}, mobilefacenet=ON)
    assert face.embedding.shape == (21,)
    assert face.embedding[:3] == pytest.approx([0.5] * 3, abs=0.3)


async def test_insightfaces_default_model_is_in_none_of_humans_packages(human, astronaut):
    with pytest.raises(errors.UnknownModelError, match=r"insightface-mobilenet-swish\.json"):
        await human.detect(astronaut, {"face": {"insightface": ON}})

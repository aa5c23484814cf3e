"""Human as a whole, with its real models: ownership, concurrency, bad input."""

import asyncio
import io
import threading
import zlib

import numpy as np
import pytest
from PIL import Image
from png_files import png
from repetitions import DETECTIONS_IN_A_ROW
from switches import FACES_ALONE

from humanrt import Config, FaceConfig, FaceDetectorConfig, Human, errors
from humanrt.engine import internals
from humanrt.runtime import sessions
from parity.pictures import PICTURES, read_picture

pytestmark = pytest.mark.usefixtures("loaded_models")

WITH_CROPS = {"face": {"detector": {"max_detected": 20, "return": True}}, **FACES_ALONE}
NAMES = ["human_face", "human_body", "astronaut", "coffee", "black"]


@pytest.fixture(params=["auto", "manual"])
async def human(request):
    async with Human({**WITH_CROPS, "deallocate": request.param}) as human:
        await human.load()
        yield human


def without_times(result):
    human = result.to_human()
    return {key: value for key, value in human.items() if key not in {"performance", "timestamp"}}


class TestResult:
    async def test_a_face_has_everything(self, human):
        pixels = read_picture("astronaut")
        result = await human.detect(PICTURES / "astronaut.png")
        (face,) = result.face
        assert (result.width, result.height) == (512, 512)
        assert face.id == 0
        assert 0.9 < face.score <= 1
        assert face.mesh.shape == face.mesh_raw.shape == (478, 3)
        assert face.mesh.dtype == face.mesh_raw.dtype == np.float32
        assert not face.mesh.flags.writeable
        assert face.mesh[:, :2] == pytest.approx(face.mesh_raw[:, :2] * 512, abs=1e-3)
        assert face.box == pytest.approx([value * 512 for value in face.box_raw], abs=1e-3)
        assert face.annotations["noseTip"].tolist() == face.mesh[[1]].tolist()
        assert face.tensor.shape == (192, 192, 3)
        assert face.tensor.dtype == np.float32
        # The crop of this upright face is a piece of the picture: its mean colour is that of the piece.
        x, y, width, height = (round(value) for value in face.crop)
        assert face.tensor.data_sync().mean() * 255 == pytest.approx(
            pixels[y : y + height, x : x + width].mean(), abs=8
        )
        assert (face.age, face.gender, face.gender_score) == (
            pytest.approx(29, abs=2),
            "female",
            pytest.approx(0.3, abs=0.1),
        )
        assert face.emotion[0].emotion == "happy"
        assert face.embedding.shape == (1024,)
        assert face.distance == pytest.approx(0.75, abs=0.05)
        assert 0 < face.rotation.gaze.strength < 0.1
        assert (face.race, face.real, face.live) == (None, None, None)
        assert {"inputProcess", "loadModels", "face", "total"} == set(result.performance)
        assert sum(result.performance.values()) <= 2.01 * result.performance["total"]
        result.dispose()

    async def test_every_kind_of_source_gives_the_same(self, human):
        path = PICTURES / "astronaut.png"
        pixels = read_picture("astronaut")
        expected = None
        with human.engine.tensor(pixels) as tensor, path.open("rb") as file:
            sources = [path, str(path), path.read_bytes(), file, pixels, pixels[None], Image.open(path), tensor]
            for source in sources:
                with await human.detect(source) as result:
                    expected = expected or without_times(result)
                    assert without_times(result) == expected
            with await human.detect(pixels[..., ::-1], bgr=True) as result:
                assert without_times(result) == expected
            assert not tensor.is_disposed
        assert human.engine.memory().num_tensors == 0

    async def test_switched_off(self, human):
        for face in ({"enabled": False}, {"detector": {"enabled": False}}):
            with await human.detect(PICTURES / "human_face.png", {"face": face}) as result:
                assert result.face == ()
                assert (result.width, result.height) == (256, 256)

    async def test_the_detector_alone(self, human):
        with await human.detect(PICTURES / "astronaut.png", {"face": {"mesh": {"enabled": False}}}) as result:
            (face,) = result.face
            assert face.mesh.shape == (6, 3)
            assert set(face.annotations) == {
                "leftEye",
                "rightEye",
                "nose",
                "mouth",
                "leftEar",
                "rightEar",
                "symmetryLine",
            }
            assert face.rotation is None
            assert face.tensor.shape == (256, 256, 3)
            assert face.score == face.box_score

    async def test_a_face_that_the_mesh_denies(self, human):
        # The detector is sure of 0.79; no mesh reaches more than 1.
        strict = {"face": {"detector": {"min_confidence": 0.7, "max_detected": 1}}}
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        with await human.detect(noise, strict) as result:
            assert result.face == ()


class TestOwnership:
    async def test_disposing_returns_to_baseline(self, human):
        before = human.engine.memory().baseline
        result = await human.detect(PICTURES / "astronaut.png")
        assert human.engine.memory().num_tensors == before.num_tensors + 1
        result.dispose()
        result.dispose()
        assert human.engine.memory().baseline == before

    async def test_with(self, human):
        with await human.detect(PICTURES / "astronaut.png") as result:
            assert not result.face[0].tensor.is_disposed
        assert result.face[0].tensor.is_disposed

    async def test_the_enclosing_scope(self, human):
        before = human.engine.memory().baseline
        async with human.engine.scope():
            result = await human.detect(PICTURES / "astronaut.png")
        assert result.face[0].tensor.is_disposed
        assert human.engine.memory().baseline == before

    async def test_dispose_of_a_container(self, human):
        results = [await human.detect(PICTURES / "astronaut.png") for _ in range(3)]
        human.engine.dispose({"results": results})
        assert human.engine.memory().num_tensors == 0

    async def test_closing(self):
        async with Human(WITH_CROPS) as human:
            result = await human.detect(PICTURES / "astronaut.png")
        assert result.face[0].tensor.is_disposed
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    async def test_an_input_tensor_stays_the_callers(self, human):
        with human.engine.tensor(read_picture("astronaut")) as tensor:
            with await human.detect(tensor):
                pass
            assert not tensor.is_disposed
            assert human.engine.memory().num_tensors == 1

    @pytest.mark.parametrize("human", ["auto"], indirect=True)
    async def test_auto_a_face_keeps_its_tensor_and_goes_silently(self, human):
        """CONFORMANCE 52."""
        before = human.engine.memory().baseline
        result = await human.detect(PICTURES / "astronaut.png")
        face = result.face[0]
        del result
        assert not face.tensor.is_disposed
        assert face.tensor.data_sync().shape == (192, 192, 3)
        del face
        assert human.engine.memory().baseline == before

    @pytest.mark.parametrize("human", ["manual"], indirect=True)
    async def test_manual_forgetting_shows_one_tensor_a_face(self, human):
        before = human.engine.memory()
        held = [await human.detect(PICTURES / "astronaut.png") for _ in range(4)]
        assert human.engine.memory().num_tensors == before.num_tensors + 4
        human.engine.dispose(held)
        assert human.engine.memory().baseline == before.baseline

    @pytest.mark.tensor_leaks(allow=4)
    @pytest.mark.parametrize("human", ["manual"], indirect=True)
    async def test_manual_what_vanishes_counts_as_leaked(self, human, monkeypatch):
        warned = []
        monkeypatch.setattr("humanrt.tensors.ledger.warn_of_leaks", warned.extend)
        before = human.engine.memory()
        for _ in range(4):
            await human.detect(PICTURES / "astronaut.png")
        after = human.engine.memory()
        assert (after.num_tensors, after.num_bytes) == (before.num_tensors, before.num_bytes)
        assert after.num_leaked == before.num_leaked + 4
        assert len(warned) == 4

    @pytest.mark.slow(5)
    @pytest.mark.soak
    async def test_many_detections_in_a_row(self, human):
        """CONFORMANCE 45."""
        before = human.engine.memory().baseline
        picture, off = read_picture("human_face"), {"enabled": False}
        for _ in range(DETECTIONS_IN_A_ROW):
            with await human.detect(picture, {"face": {"description": off, "emotion": off}}) as result:
                assert len(result.face) == 1
        assert human.engine.memory().baseline == before


class TestConcurrency:
    @pytest.mark.slow
    @pytest.mark.usefixtures("own_sessions")
    async def test_eight_cold_calls_equal_the_sequential_ones(self):
        """CONFORMANCE 49."""
        pictures = [read_picture(name) for name in NAMES]
        pictures += [pictures[2][::-1], pictures[1][:, 300:900], np.tile(pictures[0], (2, 3, 1))]
        async with Human(WITH_CROPS) as human:
            sequential = []
            for picture in pictures:
                with await human.detect(picture) as result:
                    sequential.append(without_times(result))
        created = sessions.statistics().created
        async with Human(WITH_CROPS) as human:
            results = await asyncio.gather(*(human.detect(picture) for picture in pictures))
            assert sessions.statistics().created - created == 5
            for result, expected in zip(results, sequential, strict=True):
                with result:
                    assert without_times(result) == expected
            assert human.engine.memory().baseline == (0, 0, 0, 0)
        assert sessions.statistics().live == 0

    @pytest.mark.usefixtures("own_sessions")
    async def test_the_first_of_eight_cold_callers_is_cancelled(self, monkeypatch):
        """CONFORMANCE 49."""
        picture = read_picture("human_face")
        loading, loop = asyncio.Event(), asyncio.get_running_loop()
        async with Human(WITH_CROPS) as human:
            plain = internals(human.engine).load

            def load(*arguments):
                loop.call_soon_threadsafe(loading.set)
                return plain(*arguments)

            monkeypatch.setattr(internals(human.engine), "load", load)
            tasks = [asyncio.create_task(human.detect(picture)) for _ in range(8)]
            await loading.wait()
            tasks[0].cancel()
            first, *others = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(first, asyncio.CancelledError)
            assert [len(result.face) for result in others] == [1] * 7
            human.engine.dispose(others)
            assert human.engine.memory().baseline == (0, 0, 0, 0)

    async def test_each_call_has_its_own_configuration(self, human):
        """CONFORMANCE 50."""
        picture = read_picture("astronaut")
        bare = {"face": {"mesh": {"enabled": False}, "detector": {"return": False}}}
        full, detector_only, again = await asyncio.gather(
            human.detect(picture), human.detect(picture, bare), human.detect(picture)
        )
        assert [len(result.face[0].mesh) for result in (full, detector_only, again)] == [478, 6, 478]
        assert detector_only.face[0].tensor is None
        human.engine.dispose([full, again])

    def test_two_event_loops_in_two_threads(self):
        """CONFORMANCE 49."""
        human, counts, picture = Human(WITH_CROPS), [], read_picture("human_face")

        async def work():
            for _ in range(5):
                with await human.detect(picture) as result:
                    counts.append(len(result.face))

        threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [1] * 10
        assert human.engine.memory().baseline == (0, 0, 0, 0)
        asyncio.run(human.aclose())

    async def test_closing_lets_calls_in_flight_end(self):
        """CONFORMANCE 43."""
        human = Human(WITH_CROPS)
        calls = [asyncio.create_task(human.detect(PICTURES / "human_face.png")) for _ in range(3)]
        await asyncio.sleep(0)
        await human.aclose()
        results = await asyncio.gather(*calls)
        assert [len(result.face) for result in results] == [1, 1, 1]
        assert all(result.face[0].tensor.is_disposed for result in results)
        for call in (human.detect(PICTURES / "human_face.png"), human.load()):
            with pytest.raises(errors.EngineClosedError):
                await call


def bomb():
    """A valid PNG of 30000 x 30000 pixels in less than a megabyte."""
    side = 30_000
    row = bytes(1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(pixels, (side, side, 1, 0, 0, 0, 0))  # one bit a pixel


def truncated_jpeg():
    file = io.BytesIO()
    Image.fromarray(read_picture("human_face")).save(file, "JPEG")
    return file.getvalue()[: file.tell() // 2]


def nan_picture():
    picture = np.zeros((8, 8, 3), np.float32)
    picture[3, 3, 1] = np.nan
    return picture


BAD_INPUTS = {
    "none": lambda: None,
    "number": lambda: 5,
    "no file": lambda: "/no/such/file.jpg",
    "truncated": truncated_jpeg,
    "empty bytes": lambda: b"",
    "empty file": lambda: io.BytesIO(),
    "bomb": bomb,
    "rank 1": lambda: np.zeros(3, np.uint8),
    "rank 5": lambda: np.zeros((1, 1, 8, 8, 3), np.uint8),
    "two channels": lambda: np.zeros((8, 8, 2), np.uint8),
    "batch of two": lambda: np.zeros((2, 8, 8, 3), np.uint8),
    "complex": lambda: np.zeros((8, 8, 3), np.complex64),
    "strings": lambda: np.array([["a"]]),
    "NaN": nan_picture,
    "out of range": lambda: np.full((8, 8, 3), 300),
    "no pixels": lambda: np.zeros((0, 0, 3), np.uint8),
}


class TestBadInput:
    """CONFORMANCE 46."""

    @pytest.mark.parametrize("kind", BAD_INPUTS)
    async def test_it_is_refused_and_costs_nothing(self, human, kind):
        before, created = human.engine.memory().baseline, sessions.statistics().created
        async with Human({"preset": "human"}) as cold:
            for each in (human, cold):
                with pytest.raises(errors.InputError):
                    await each.detect(BAD_INPUTS[kind]())
            assert cold.engine.memory().baseline == (0, 0, 0, 0)
            assert cold._models.loaded() == {}
        assert human.engine.memory().baseline == before
        assert sessions.statistics().created == created
        with await human.detect(PICTURES / "human_face.png") as result:
            assert len(result.face) == 1

    async def test_a_disposed_tensor(self, human):
        tensor = human.engine.tensor(read_picture("human_face"))
        tensor.dispose()
        async with Human({"preset": "human"}) as cold:
            for each in (human, cold):
                with pytest.raises(errors.TensorDisposedError):
                    await each.detect(tensor)
            assert cold._models.loaded() == {}
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    async def test_a_bad_configuration(self, human):
        for config, error in [
            ({"face": {"detector": {"max_detected": 0}}}, errors.ConfigError),
            ({"device": "cuda:7"}, errors.ConfigError),
            ({"face": {"detector": {"model_path": "facemesh.json"}}}, errors.ConfigError),
            ({"face": {"detector": {"model_path": "nonesuch.json"}}}, errors.UnknownModelError),
        ]:
            with pytest.raises(error):
                await human.detect(PICTURES / "human_face.png", config)
        assert human.engine.memory().baseline == (0, 0, 0, 0)

    @pytest.mark.parametrize("base", ["http://localhost/models/", "ftp://models"])
    def test_models_come_from_a_folder(self, base):
        with pytest.raises(errors.ConfigError, match="must be a folder"):
            Human({"modelBasePath": base})


class TestConfiguration:
    async def test_a_config_takes_the_place_of_this_humans(self, human):
        config = Config(face=FaceConfig(detector=FaceDetectorConfig(max_detected=1)))
        with await human.detect(PICTURES / "astronaut.png", config) as result:
            assert result.face[0].tensor is None
        with await human.detect(PICTURES / "astronaut.png") as result:
            assert result.face[0].tensor is not None

    async def test_max_detected(self, human):
        crowd = np.tile(read_picture("human_face"), (2, 2, 1))
        with await human.detect(crowd) as result:
            assert [face.id for face in result.face] == [0, 1, 2, 3]
            assert human.engine.memory().num_tensors == 4
            assert [face.box_score for face in result.face] == sorted((f.box_score for f in result.face), reverse=True)
        with await human.detect(crowd, {"face": {"detector": {"max_detected": 3}}}) as result:
            assert len(result.face) == 3

    async def test_min_size(self, human):
        for size, count in ((100, 1), (5000, 0)):
            with await human.detect(PICTURES / "astronaut.png", {"face": {"detector": {"min_size": size}}}) as result:
                assert len(result.face) == count

    async def test_the_square_mends_faces_in_wide_pictures(self, human):
        """Squeezed into a square, a picture of 4:1 shows no face; padded to one, it does."""
        portrait = read_picture("human_face")
        wide = np.concatenate([np.zeros((256, 640, 3), np.uint8), portrait, np.zeros((256, 256, 3), np.uint8)], axis=1)
        detector = {"square": True, "max_detected": 1}
        with await human.detect(wide, {"face": {"detector": detector}}) as result:
            (face,) = result.face
        with await human.detect(portrait) as alone:
            offset = face.mesh[:, :2] - alone.face[0].mesh[:, :2]
        assert np.abs(offset - (640, 0)).max() < 8

    async def test_whole_pixels_in_human_mode_only(self, human):
        for compat, whole in ((None, False), ("human", True)):
            with await human.detect(PICTURES / "astronaut.png", {"compat": compat}) as result:
                (face,) = result.face
                assert np.array_equal(face.mesh, np.trunc(face.mesh)) is whole
                assert all(float(value).is_integer() for value in face.box) is whole

"""``humanrt.ray``: the stage and the deployment, with a stand-in for Ray, and in a local Ray with two workers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from services import answering
from switches import FACES_ALONE, OFF, ON

from humanrt import HumanSync, read_picture
from humanrt.errors import InputError, MissingDependencyError
from humanrt.ray import HumanStage, create_deployment
from humanrt.serve import ServeOptions
from parity.pictures import PICTURES

CONFIG = {**FACES_ALONE, "face": dict.fromkeys(("mesh", "iris", "emotion", "description"), OFF)}
PNG = {"content-type": "image/png"}
FACE, BLACK, ASTRONAUT = (str(PICTURES / f"{name}.png") for name in ("human_face", "black", "astronaut"))
ENCODED = Path(FACE).read_bytes()


@pytest.fixture
def ray(monkeypatch):
    """A stand-in for Ray: an actor with the resources in ``ray.resources``."""
    ray = ModuleType("ray")
    ray.resources = {"CPU": 2.0}
    ray.get_runtime_context = lambda: SimpleNamespace(get_assigned_resources=lambda: ray.resources)
    ray.serve = ModuleType("ray.serve")
    ray.serve.ingress = lambda build: lambda: build
    ray.serve.deployment = lambda ingress, name: ingress
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.serve", ray.serve)
    return ray


@pytest.fixture
def stage(ray):
    stage = HumanStage(CONFIG)
    yield stage
    stage.close()


def column(*values):
    """Return a column as Ray passes it: an array of objects."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


def expected(*pictures):
    with HumanSync({**CONFIG, "device": "cpu"}) as human:
        for picture in pictures:
            with human.detect(picture) as result:
                yield result.rows()


class TestStage:
    def test_the_rows_are_those_of_the_results(self, stage):
        table = stage({"path": column(FACE, BLACK), "other": np.arange(2)})
        ((face,), ()) = expected(FACE, BLACK)
        first, second = table.to_pylist()
        assert first == {"picture": FACE, "error": None, **face._asdict()}
        assert {name for name, value in second.items() if value is not None} == {"picture", "kind"}
        assert (second["picture"], second["kind"]) == (BLACK, "")

    def test_encoded_pictures_and_arrays(self, stage):
        (row,) = stage({"bytes": column(ENCODED), "path": column("a")}).to_pylist()
        pixels = read_picture(FACE)
        (same,) = stage({"image": pixels[None], "path": column("a")}).to_pylist()
        assert (row["picture"], row["kind"]) == ("a", "face")
        assert row == same

    def test_a_picture_that_fails_has_a_row_with_the_reason(self, stage):
        wrong, right = stage({"path": column("/absent.png", FACE)}).to_pylist()
        assert wrong["error"].startswith("InputError: '/absent.png' does not exist")
        assert (wrong["kind"], right["kind"], right["error"]) == ("", "face", None)

    def test_types_do_not_depend_on_the_batch(self, stage):
        some, none = stage({"path": column(FACE)}), stage({"path": column(BLACK)})
        assert some.schema == none.schema
        assert [str(some.schema.field(name).type) for name in ("kind", "person", "score")] == [
            "string",
            "int64",
            "double",
        ]

    def test_embeddings(self, ray):
        stage = HumanStage({**CONFIG, "face": {**CONFIG["face"], "description": ON}}, embeddings=True)
        face, nothing = stage({"path": column(FACE, BLACK)}).to_pylist()
        assert len(face["embedding"]) == 1024
        assert nothing["embedding"] is None
        stage.close()

    @pytest.mark.parametrize("batch", [{"url": column("a")}, {"bytes": column(b"a")}])
    def test_columns_that_are_missing(self, stage, batch):
        with pytest.raises(InputError, match=rf"the batch has the columns {next(iter(batch))}; it must have one of"):
            stage(batch)

    def test_nothing_is_left(self, stage):
        before = stage._human.engine.memory().num_tensors
        stage({"path": column(FACE, "/absent.png")})
        assert stage._human.engine.memory().num_tensors == before
        human = stage._human
        stage.__del__()
        assert human.engine.memory().num_tensors == 0
        stage.close()

    def test_the_device_is_that_of_the_resources(self, ray):
        devices = []
        for resources, config in (({"CPU": 1.0}, {}), ({"GPU": 1.0}, {}), ({"GPU": 1.0}, {"device": "cpu"})):
            ray.resources = resources
            stage = HumanStage(config)
            devices.append((stage._human.config.device, stage._at_once))
            stage.close()
        assert devices == [("cpu", 1), ("cuda", 1), ("cpu", 1)]


class TestDeployment:
    async def test_a_replica_builds_the_application_of_the_service(self, ray):
        build = create_deployment(CONFIG, ServeOptions(queue=3))
        app = build()
        async with answering(app) as client:
            answer = await client.post("/v1/detect", content=ENCODED, headers=PNG)
            assert len(answer.json()["face"]) == 1
            assert (await client.get("/v1/status")).json()["limits"]["queue"] == 3


class TestWithoutRay:
    def test_the_error_names_the_extra(self, monkeypatch):
        for name in ("ray", "ray.serve"):
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(MissingDependencyError, match=r'pip install "humanrt\[ray\]"'):
            HumanStage()
        with pytest.raises(MissingDependencyError, match=r'pip install "humanrt\[ray,serve\]"'):
            create_deployment()

    @pytest.mark.slow
    def test_importing_the_module_imports_no_ray(self):
        code = "import sys, humanrt.ray; print({'ray', 'pyarrow', 'fastapi', 'humanrt.serve'} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "set()\n"


@pytest.mark.slow(seconds=25)
def test_every_row_comes_once_when_a_worker_is_killed(tmp_path):
    pictures = [FACE, BLACK, ASTRONAUT, "/absent.png"] * 3
    (tmp_path / "pictures.json").write_text(json.dumps(pictures))
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONWARNINGS": "ignore"}
    script = Path(__file__).parent / "support" / "ray_run.py"
    done = subprocess.run([sys.executable, script, tmp_path], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert sorted(row["picture"] for row in rows) == list(range(len(pictures)))
    assert [row["picture"] for row in rows if row["error"]] == [3, 7, 11]
    first, _, third = expected(*pictures[:3])
    boxes = {0: first[0].box, 1: None, 2: third[0].box}
    for row in rows:
        if not row["error"]:
            box = boxes[row["picture"] % 4]
            assert (row["x"], row["y"], row["width"], row["height"]) == (box or (None,) * 4)
    workers = set((tmp_path / "workers").read_text().split())
    assert (tmp_path / "killed").read_text() in workers
    assert len(workers) == 3  # the two, and the one that replaced the one that was killed

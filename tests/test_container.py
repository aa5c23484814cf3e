"""``examples/container``: the image's own files, in an empty environment, for a user without rights."""

import base64
import json
import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import yaml

from humanrt import HumanSync
from humanrt.cli.parser import parse
from humanrt.serve import ServeOptions
from humanrt.serve.backend import Backend
from humanrt.serve.gate import Gate
from humanrt.serve.metrics import Metrics
from humanrt.zoo import Store, default_cache_dir, find_card
from parity.pictures import PICTURES

ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "examples" / "container"
DOCKERFILE = (FILES / "Dockerfile").read_text().replace("\\\n", "")
ALERTS = yaml.safe_load((FILES / "alerts.yml").read_text())
FACE = (PICTURES / "human_face.png").read_bytes()
PNG = {"content-type": "image/png"}


def argv(instruction):
    """Return the program and the arguments of ENTRYPOINT or HEALTHCHECK."""
    return json.loads(re.search(rf"^{instruction}[^\[]*(\[.*\])$", DOCKERFILE, re.MULTILINE).group(1))


def compose():
    return yaml.safe_load((FILES / "compose.yml").read_text())


def without_rights():
    """Return the prefix of a command that may write nothing; empty if this user is not root."""
    if os.geteuid():
        return []
    prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    python = Path(sys.base_prefix).resolve()
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in (python, *python.parents)):
        # The interpreter of this machine is in the folder of root: it may be read, too.
        prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return prefix


class Container:
    """The folders of an image below one folder, and how a program of the image is run."""

    def __init__(self, folder):
        self.folder, self.target, self.cache, self.log = folder, folder / "opt", folder / "cache", folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.address = f"http://127.0.0.1:{self.port}"

    def install(self):
        """Run the script of the Dockerfile on the files that .dockerignore leaves."""
        context = self.folder / "source"
        for line in (ROOT / ".dockerignore").read_text().splitlines():
            if line.startswith("!"):
                source, copy = ROOT / line[1:], context / line[1:]
                copy.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(source, copy)
        with HumanSync({"segmentation": {"enabled": True}}) as human:
            names = [model.name for model in human.models.list()]
        Store(default_cache_dir()).pull(map(find_card, names))
        models = f"{' '.join(names)} --from {default_cache_dir() / 'models'}"
        # Without the variables of this environment, which could make files of the checkout importable.
        ours = ("PYTHON", "VIRTUAL_ENV", "HUMANRT")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        environment |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HUMANRT_CACHE_DIR": str(self.cache),
            "PIP_COMPILE": "0",  # for the time of this test
        }
        script = ["sh", context / "examples" / "container" / "install.sh", context, self.target, models]
        done = subprocess.run(script, env=environment, cwd=self.folder, umask=0o022, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(context)
        for path in (self.cache, *self.cache.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)

    def popen(self, command, *more):
        """Start a program of the image as a user who may write nothing."""
        command = [part.replace("/opt/humanrt", str(self.target)).replace("8000", self.port) for part in command]
        environment = {
            "PATH": os.environ["PATH"],  # of setpriv
            "HUMANRT_CACHE_DIR": str(self.cache),
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [*without_rights(), *command, *more]
        with self.log.open("w") as log:
            return subprocess.Popen(command, env=environment, cwd="/", stdout=log, stderr=log, start_new_session=True)

    def is_healthy(self):
        """Run the health check of the image."""
        log = self.log
        self.log = self.folder / "health.log"
        try:
            code = self.popen(argv("HEALTHCHECK")).wait(timeout=30)
            assert code == 0 or "Error" in self.log.read_text()
        finally:
            self.log = log
        return code == 0

    def is_ready(self):
        try:
            return httpx.get(f"{self.address}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def written(self):
        """Return the files of the cache and the times of their changes."""
        return {path: path.stat().st_mtime_ns for path in self.cache.rglob("*")}

    def post(self, path, **options):
        return httpx.post(f"{self.address}{path}", timeout=120, **options)


@pytest.fixture(scope="module")
def container():
    """The service of the image, ready; it ends with SIGTERM and exit code 0, and has written nothing."""
    with tempfile.TemporaryDirectory() as folder:  # not tmp_path: that of pytest can be read by one user only
        Path(folder).chmod(0o755)
        container = Container(Path(folder))
        container.install()
        before = container.written()
        assert not container.is_healthy()  # nothing listens
        service = container.popen(argv("ENTRYPOINT"), "--port", container.port, "--workers", "1")
        try:
            deadline = time.monotonic() + 120
            while not container.is_ready():
                assert service.poll() is None, container.log.read_text()
                assert "could not start" not in container.log.read_text(), container.log.read_text()
                assert time.monotonic() < deadline
            assert container.is_healthy()
            yield container
            service.send_signal(signal.SIGTERM)
            assert service.wait(timeout=60) == 0, container.log.read_text()
            assert "Traceback" not in container.log.read_text()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(service.pid, signal.SIGKILL)
            service.wait()
        assert container.written() == before


@pytest.mark.slow(seconds=35)
class TestService:
    """Everything that ``humanrt[cpu,serve]`` and the files of the wheel have to contain."""

    def test_the_script_installs_opencv_without_windows(self, container):
        names = {path.name.split("-")[0] for path in container.target.glob("lib/python*/site-packages/*.dist-info")}
        assert "opencv_python_headless" in names
        assert not names & {"opencv_python", "pytest"}

    def test_a_face_is_detected(self, container):
        (face,) = container.post("/v1/detect", content=FACE, headers=PNG).json()["face"]
        assert face["score"] > 0.7

    def test_other_endpoints(self, container):
        painted = container.post("/v1/style/oil?form=jpeg", content=FACE, headers=PNG)
        assert painted.content.startswith(b"\xff\xd8")
        legend = container.post("/v1/segment", content=FACE, headers=PNG).json()["legend"]
        assert [each["name"] for each in legend if each["area"] > 0.1][-1:] == ["person"]
        assert container.post("/v1/match", files={"first": FACE, "second": FACE}).json()["similarity"] == 1
        filtered = container.post("/v1/filter/brightness?value=0.2", json={"image": base64.b64encode(FACE).decode()})
        assert filtered.content.startswith(b"\x89PNG")

    def test_the_pages_and_all_of_their_files(self, container):
        wanted, seen = ["/", "/docs", "/openapi.json", "/metrics", "/v1/status"], set()
        while wanted:
            path = wanted.pop()
            answer = httpx.get(f"{container.address}{path}", timeout=60)
            assert answer.status_code == 200, path
            seen.add(path)
            found = re.findall(r"""(?:src=|href=|from |import )"(\.?/[\w./]*)\"""", answer.text)
            wanted += {each.replace("./", "/static/") for each in found} - seen
        assert {f"/static/{path.name}" for path in (ROOT / "engine/humanrt/serve/static").glob("*.[cjs]*s")} <= seen


class TestFiles:
    def test_the_image_has_a_user_without_rights_and_the_cache_of_the_volume(self):
        service = compose()["services"]["humanrt"]
        last = DOCKERFILE.rpartition("FROM ")[2]
        assert re.search(r"^USER (\w+)$", last, re.MULTILINE).group(1) in re.search(r"useradd .*", last).group()
        (volume,) = service["volumes"]
        name, _, place = volume.partition(":")
        assert f"HUMANRT_CACHE_DIR={place} " in last
        assert f"--chown=humanrt {place} {place}" in last
        assert name in compose()["volumes"]
        assert service["read_only"] is True

    def test_the_compose_file_builds_this_dockerfile_and_its_command_is_accepted(self):
        service = compose()["services"]["humanrt"]
        build = service["build"]
        assert (FILES / build["context"] / build["dockerfile"]).resolve() == FILES / "Dockerfile"
        parse([*argv("ENTRYPOINT")[1:], *service["command"]])
        assert service["ports"] == [f"127.0.0.1:8000:{re.search(r'EXPOSE (.*)', DOCKERFILE).group(1)}"]
        assert service["command"][service["command"].index("--allow-host") + 1] == "humanrt"  # Prometheus's name for it

    def test_prometheus_reads_what_the_compose_file_mounts(self):
        services = compose()["services"]
        mounted = dict(volume.split(":")[:2] for volume in services["prometheus"]["volumes"])
        assert all((FILES / path).is_file() for path in mounted)
        config = yaml.safe_load((FILES / "prometheus.yml").read_text())
        assert {f"/etc/prometheus/{name}" for name in config["rule_files"]} < set(mounted.values())
        (job,) = config["scrape_configs"]
        assert job["static_configs"] == [{"targets": ["humanrt:8000"]}]
        file = job["authorization"]["credentials_file"]
        assert services["humanrt"]["secrets"] == services["prometheus"]["secrets"] == list(compose()["secrets"])
        assert file == f"/run/secrets/{services['humanrt']['secrets'][0]}"
        assert file in services["humanrt"]["command"]

    async def test_the_alerts_name_metrics_of_the_service(self):
        options = ServeOptions()
        gate = Gate(options)
        metrics = Metrics(gate, Backend(lambda: None, options, gate))
        metrics.observe("/v1/detect", 429, 0.1)
        exported = set(re.findall(r"^(\w+)", metrics.text().decode(), re.MULTILINE))
        (group,) = ALERTS["groups"]
        named = {name for rule in group["rules"] for name in re.findall(r"humanrt_\w+", rule["expr"])}
        assert len(named) > 4
        assert named <= exported

    def test_the_unit_is_valid_and_limits_memory_as_the_compose_file_does(self, tmp_path):
        unit = (FILES / "humanrt.service").read_text()
        (limit,) = re.findall(r"^MemoryMax=(.*)$", unit, re.MULTILINE)
        assert limit.lower() == compose()["services"]["humanrt"]["mem_limit"]
        assert f"{limit[0]} GB" in (ROOT / "engine/docs/service.md").read_text()
        (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
        parse(shlex.split(start)[1:])
        analyze = shutil.which("systemd-analyze")
        if analyze:
            (tmp_path / "humanrt.service").write_text(unit.replace("/opt/humanrt/bin/humanrt", sys.executable))
            command = [analyze, "verify", "--man=no", tmp_path / "humanrt.service"]
            done = subprocess.run(command, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, "")

    def test_the_image_is_built_of_files_that_exist(self):
        admitted = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
        assert all((ROOT / path).exists() for path in admitted)
        named = re.findall(r"/source/(\S+)", DOCKERFILE)
        assert named == ["examples/container/install.sh"]
        assert set(named) < set(admitted)

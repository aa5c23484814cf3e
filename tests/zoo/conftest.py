"""A zoo without a network: a local server in place of GitHub, a script in place of npm, and generated models."""

import hashlib
import io
import socket
import sys
import tarfile
import threading
import zipfile
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from humanrt.zoo import Card, CardFile, GitHubSource, NpmSource, Provenance, SampleCard, SamplePicture, Source
from humanrt.zoo import store as store_module
from humanrt.zoo import web as web_module

COMMIT = "c" * 40


def card_file(name, content, kind=CardFile, **more):
    return kind(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content), **more)


@dataclass
class Model:
    """A generated model: its card, and the content of its files by name."""

    card: Card
    contents: dict[str, bytes]

    def put_into(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)

    def url_path(self, name):
        return f"/maker/models/{COMMIT}/models/{name}"

    def members(self):
        return {f"package/models/{name}": content for name, content in self.contents.items()}

    def is_whole(self, folder):
        return all((folder / name).read_bytes() == content for name, content in self.contents.items())


def shared_fields(name, folder):
    return {
        "name": name,
        "summary": "generated",
        "licence": "MIT",
        "provenance": Provenance(authors="nobody", origin="nowhere", licence="MIT"),
        "sources": (
            Source(
                github=GitHubSource(repository="maker/models", commit=COMMIT, folder=folder),
                npm=NpmSource(package="@maker/models", version="1.2.3", folder=folder),
            ),
        ),
    }


@pytest.fixture
def make_model():
    def make(name="alpha", weights=b"0123456789" * 1000):
        contents = {f"{name}.json": f'{{"{name}": true}}'.encode(), f"{name}.bin": weights}
        files = tuple(card_file(key, content) for key, content in contents.items())
        card = Card(**shared_fields(name, "models"), config_key="face.made", files=files, inputs={}, outputs={})
        return Model(card, contents)

    return make


@pytest.fixture
def model(make_model):
    return make_model()


@dataclass
class Samples:
    card: SampleCard
    script: bytes
    pictures: dict[str, bytes]


@pytest.fixture
def samples(monkeypatch):
    """Replace all sample cards by one generated card."""
    pictures = {"human_face.jpg": b"one face" * 20, "human_body.jpg": b"a whole body" * 30}
    # Base64 (RFC 4648) without the module ``base64``, in lines as in Human.
    script = b"// generated\nexport const face: string = `\n" + broken_base64(pictures["human_face.jpg"])
    script += b"`;\n\nexport const body = `\n" + broken_base64(pictures["human_body.jpg"]) + b"`;\n"
    described = tuple(
        card_file(
            f"human_{constant}.jpg",
            pictures[f"human_{constant}.jpg"],
            SamplePicture,
            constant=constant,
            width=1,
            height=1,
        )
        for constant in ("face", "body")
    )
    card = SampleCard(**shared_fields("human", "src"), files=(card_file("sample.ts", script),), pictures=described)
    monkeypatch.setattr(store_module, "sample_cards", lambda: {"human": card})
    return Samples(card, script, pictures)


def broken_base64(data):
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 6)
    text = bytes(alphabet[int(bits[i : i + 6], 2)] for i in range(0, len(bits), 6))
    text += b"=" * (-len(text) % 4)
    return b"\n".join(text[i : i + 76] for i in range(0, len(text), 76))


class FakeGitHub(ThreadingHTTPServer):
    """A server of ``files`` with configurable faults, which records the (path, Range) of every request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {}
        self.requests = []
        self.cuts = {}  # path -> the bytes of the body before the connection is closed, for each request
        self.ignore_range = False
        self.before_answer = lambda path: None
        self.after_cut = lambda path: None

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, model):
        self.files |= {model.url_path(name): content for name, content in model.contents.items()}


class Handler(BaseHTTPRequestHandler):
    server: FakeGitHub

    def do_GET(self):
        server, asked = self.server, self.headers["Range"]
        server.requests.append((self.path, asked))
        server.before_answer(self.path)
        content = server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        start = 0 if asked is None or server.ignore_range else int(asked.removeprefix("bytes=").removesuffix("-"))
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cuts = server.cuts.get(self.path)
        if not cuts:
            self.wfile.write(body)
            return
        self.wfile.write(body[: cuts.pop(0)])
        self.wfile.flush()
        server.after_cut(self.path)
        self.close_connection = True

    def log_message(self, *_):
        """Log nothing."""


@pytest.fixture
def github(monkeypatch):
    with FakeGitHub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setattr(web_module, "RAW_ADDRESS", server.address)
        monkeypatch.setattr(web_module, "MEDIA_ADDRESS", f"{server.address}/media")
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nowhere():
    """An address without a server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def path_folder(tmp_path, monkeypatch, nowhere):
    """Allow no external access: no proxies, no server in place of GitHub, and an empty folder as PATH."""
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setattr(web_module, "RAW_ADDRESS", nowhere)
    monkeypatch.setattr(web_module, "MEDIA_ADDRESS", nowhere)
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@dataclass
class FakeNpm:
    package: object
    log: object
    program: object

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def pack(self, members):
        self.package.write_bytes(archive_of(members))


NPM = """#!{python} -SE
import pathlib, shutil, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*arguments[:2], file=log)
folder = arguments[arguments.index("--pack-destination") + 1]
shutil.copy({package!r}, pathlib.Path(folder) / "maker-models-1.2.3.tgz")
"""


@pytest.fixture
def npm(path_folder, tmp_path):
    """An npm on PATH that writes the package of ``pack``, and logs its calls."""
    program, log, package = path_folder / "npm", tmp_path / "npm.log", tmp_path / "package.tgz"
    program.write_text(NPM.format(python=sys.executable, log=str(log), package=str(package)))
    program.chmod(0o755)
    return FakeNpm(package, log, program)


@dataclass
class FakePip:
    wheel: object
    log: object
    program: object

    def calls(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def pack(self, members):
        with zipfile.ZipFile(self.wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members.items():
                archive.writestr(name, content)


PIP = """import shutil, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    print(*arguments[:2], file=log)
shutil.copy({wheel!r}, arguments[arguments.index("--dest") + 1])
"""


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """The module ``pip`` of the processes that are started, which writes the wheel of ``pack`` and logs its calls."""
    folder, log, wheel = tmp_path / "site" / "pip", tmp_path / "pip.log", tmp_path / "made-1.0-py3-none-any.whl"
    folder.mkdir(parents=True)
    program = folder / "__main__.py"
    (folder / "__init__.py").write_text("")
    program.write_text(PIP.format(log=str(log), wheel=str(wheel)))
    monkeypatch.setenv("PYTHONPATH", str(folder.parent))
    return FakePip(wheel, log, program)


def archive_of(members):
    """Return a .tgz; a member is bytes, or a TarInfo for anything other than a regular file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def make_archive(tmp_path):
    def make(members):
        folder = tmp_path / "arrived"
        folder.mkdir()
        path = folder / "package.tgz"
        path.write_bytes(archive_of(members))
        return path

    return make

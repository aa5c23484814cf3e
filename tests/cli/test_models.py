import hashlib
import json
import shutil
from pathlib import Path

import onnx
import pytest

from humanrt import cli, tfjs
from humanrt.engine import Internals
from humanrt.errors import MissingDependencyError, ModelFormatError
from humanrt.model_files import prepare
from humanrt.zoo import Store, default_cache_dir, find_card

MINE = """
name = "mine"
config_key = "body"
summary = "My own."
licence = "mine"
files = [{{ name = "mine.onnx", path = "mine.onnx", sha256 = "{digest}", bytes = {length} }}]
provenance = {{ authors = "I", origin = "here", licence = "mine" }}
[inputs]
[outputs]
"""


@pytest.fixture(scope="session")
def emotion():
    """The folder with the files of the emotion model."""
    return Store(default_cache_dir()).ensure(find_card("emotion")).parent


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, without network."""
    monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HUMANRT_OFFLINE", "1")
    monkeypatch.delenv("HUMANRT_CARDS", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def filled(cache, emotion):
    """A cache that holds the emotion model, without network."""
    shutil.copytree(emotion, cache / "models" / "emotion")
    return cache


@pytest.fixture
def run(capsys):
    """Run ``humanrt models ARGUMENTS``; return the exit code and the lines of both outputs."""

    def run(*arguments):
        capsys.readouterr()
        code = cli.main(["models", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out.splitlines(), captured.err

    return run


def damage(path):
    path.write_bytes(b"!" + path.read_bytes()[1:])


class TestList:
    def test_all_models_and_which_are_cached(self, run, filled):
        code, lines, _ = run("list")
        rows = {line[2:].split()[0]: line[2:].split() for line in lines[1:-2]}
        assert code == cli.DONE
        assert len(rows) == 44
        assert rows["emotion"][1:] == ["face.emotion", "0.8", "MB", "cached", "MIT"]
        assert rows["rvm"][1:] == ["segmentation", "4.4", "MB", "-", "MIT", "(original:", "GPL-3.0)"]
        assert lines[-2] == f"1 of 44 models, 0.8 of 217.2 MB, are in {filled}"

    def test_one_task(self, run, cache):
        _, lines, _ = run("list", "--task", "segmentation")
        assert [line[2:].split()[0] for line in lines[1:-2]] == ["meet", "rvm", "selfie"]

    def test_own_models_are_listed(self, run, cache, monkeypatch, tmp_path):
        (tmp_path / "mine.toml").write_text(MINE.format(digest="0" * 64, length=1))
        monkeypatch.setenv("HUMANRT_CARDS", str(tmp_path))
        _, lines, _ = run("list", "--task", "body")
        assert "  mine" in [line[:6] for line in lines]

    def test_the_defaults_of_the_configuration_are_marked(self, run, cache):
        _, (heading, *lines), _ = run("list", "--task", "face")
        assert heading.split() == ["model", "section", "size", "state", "licence"]
        marked = {line.split()[1] for line in lines if line.startswith("* ")}
        assert {"yunet", "sface", "facemesh", "iris", "emotion", "faceres", "age", "gender"} <= marked
        assert not {"blazeface", "blazeface-back"} & marked

    def test_json(self, run, filled):
        code, lines, _ = run("list", "--task", "face", "--json")
        models = {model["name"]: model for model in json.loads("\n".join(lines))}
        assert code == cli.DONE
        assert models["emotion"].items() >= {"section": "face.emotion", "cached": True, "default": True}.items()
        assert models["gear"]["cached"] is False


class TestPull:
    def test_cached_models_need_no_network(self, run, filled):
        path = filled / "models" / "emotion" / "emotion.json"
        assert run("pull", "emotion", "emotion") == (cli.DONE, [str(path)], "")
        assert run("path", "emotion") == (cli.DONE, [str(path)], "")

    def test_from_a_folder(self, run, cache, emotion):
        code, lines, _ = run("pull", "emotion", "--from", emotion)
        assert (code, lines) == (cli.DONE, [str(cache / "models" / "emotion" / "emotion.json")])
        assert (cache / "models" / "emotion" / "emotion.bin").read_bytes() == (emotion / "emotion.bin").read_bytes()

    def test_the_cache_then_serves_a_reader_without_rights(self, run, filled):
        run("pull", "emotion")
        (converted,) = filled.glob("onnx/emotion/*.onnx")
        written = converted.stat().st_mtime_ns
        prepare(find_card("emotion"), Store(filled, offline=True))
        assert [path.stat().st_mtime_ns for path in filled.glob("onnx/emotion/*.onnx")] == [written]

    def test_a_conversion_that_fails_is_reported(self, run, filled, monkeypatch):
        def convert(*_, **__):
            raise ModelFormatError("emotion.json is malformed")

        monkeypatch.setattr(tfjs, "convert", convert)
        assert run("pull", "emotion") == (cli.FAILED, [], "humanrt: emotion.json is malformed\n")

    def test_one_that_fails_does_not_stop_the_others(self, run, cache, emotion):
        code, lines, errors = run("pull", "--task", "face", "--from", emotion)
        assert (code, lines) == (cli.FAILED, [str(cache / "models" / "emotion" / "emotion.json")])
        assert errors.count("could not be fetched") == 23

    def test_offline_with_nothing_cached(self, run, cache):
        code, lines, errors = run("pull", "emotion", "iris")
        assert (code, lines) == (cli.FAILED, [])
        assert "humanrt models pull emotion" in errors
        assert "humanrt models pull iris" in errors
        assert cli.main(["detect", "anything.jpg"]) == cli.FAILED
        assert not list(cache.rglob("*.bin"))

    @pytest.mark.parametrize(
        "arguments", [[], ["iris", "--all"], ["--all", "--task", "face"], ["--task", "feet"], ["--from", "x"]]
    )
    def test_models_are_named_in_one_way(self, arguments, cache, capsys):
        with pytest.raises(SystemExit) as end:
            cli.main(["models", "pull", *arguments])
        assert end.value.code == cli.USAGE
        assert "usage: humanrt models pull" in capsys.readouterr().err

    def test_an_unknown_model(self, run, cache):
        code, _, errors = run("pull", "blazefase")
        assert code == cli.FAILED
        assert "did you mean 'blazeface'?" in errors


class TestVerify:
    def test_intact_files(self, run, filled):
        code, lines, _ = run("verify")
        assert (code, [line.split()[0] for line in lines]) == (cli.DONE, ["intact", "intact"])

    def test_damaged_files(self, run, filled):
        damage(filled / "models" / "emotion" / "emotion.bin")
        code, lines, _ = run("verify", "--task", "face")
        assert code == cli.FAILED
        assert lines[1] == f"damaged  {filled / 'models' / 'emotion' / 'emotion.bin'}"

    def test_a_damaged_conversion(self, run, filled):
        store = Store(filled)
        path = store.converted("emotion", "0" * 64, lambda path: path.write_bytes(b"onnx"))
        assert run("verify", "emotion")[0] == cli.DONE
        damage(path)
        code, lines, _ = run("verify", "emotion")
        assert (code, lines[2]) == (cli.FAILED, f"damaged  {path}")

    def test_missing_files_are_reported_if_their_model_was_named(self, run, cache):
        assert run("verify") == (cli.DONE, [], "")
        code, lines, _ = run("verify", "iris")
        assert (code, [line.split()[0] for line in lines]) == (cli.FAILED, ["missing", "missing"])


class TestRemove:
    def test_a_model_and_its_conversion(self, run, filled):
        Store(filled).converted("emotion", "0" * 64, lambda path: path.write_bytes(bytes(1_000_000)))
        assert run("rm", "emotion") == (cli.DONE, ["emotion: 1.8 MB freed"], "")
        assert not list(filled.rglob("*emotion*/*"))
        assert run("rm", "emotion")[1] == ["emotion: 0.0 MB freed"]

    def test_all(self, run, filled):
        assert run("rm", "--all")[1] == ["emotion: 0.8 MB freed"]
        assert run("verify")[1] == []


class TestConvert:
    def test_a_model(self, run, cache, emotion, tmp_path):
        destination = tmp_path / "emotion.onnx"
        code, lines, _ = run("convert", emotion / "emotion.json", destination)
        assert code == cli.DONE
        assert lines[0].startswith(f"{emotion / 'emotion.json'} -> {destination}: 0.8 MB in ")
        assert lines[1:] == ["  in  input_1 float32 [any, 64, 64, 1]", "  out Identity float32 [any, 7]"]
        onnx.checker.check_model(onnx.load(destination))
        assert not cache.exists()

    def test_nothing_is_overwritten_without_force(self, run, emotion, tmp_path):
        destination = tmp_path / "emotion.onnx"
        destination.write_bytes(b"precious")
        code, _, errors = run("convert", emotion / "emotion.json", destination)
        assert code == cli.FAILED
        assert "exists; --force replaces it" in errors
        assert destination.read_bytes() == b"precious"
        assert run("convert", "--force", emotion / "emotion.json", destination)[0] == cli.DONE
        assert destination.read_bytes() != b"precious"

    def test_a_source_that_is_not_a_model(self, run, tmp_path):
        (tmp_path / "model.json").write_text("{}")
        code, _, errors = run("convert", tmp_path / "model.json", tmp_path / "model.onnx")
        assert code == cli.FAILED
        assert "model.json" in errors
        assert not (tmp_path / "model.onnx").exists()

    def test_without_onnxruntime(self, run, emotion, tmp_path, monkeypatch):
        def load(*_, **__):
            raise MissingDependencyError("onnxruntime is not installed")

        monkeypatch.setattr(Internals, "load", load)
        code, lines, errors = run("convert", emotion / "emotion.json", tmp_path / "emotion.onnx")
        assert (code, len(lines)) == (cli.DONE, 1)
        assert "the model was not loaded: onnxruntime is not installed" in errors

    def test_a_place_that_cannot_be_written(self, run, emotion, tmp_path):
        code, _, errors = run("convert", emotion / "emotion.json", tmp_path / "absent" / "model.onnx")
        assert code == cli.FAILED
        assert "absent/model.onnx cannot be written: No such file or directory" in errors


def test_an_own_onnx_model_is_pulled(run, cache, monkeypatch, tmp_path, negation):
    content = negation.read_bytes()
    mine = tmp_path / "cards" / "mine.onnx"
    mine.parent.mkdir()
    mine.write_bytes(content)
    card = MINE.format(digest=hashlib.sha256(content).hexdigest(), length=len(content))
    (tmp_path / "cards" / "mine.toml").write_text(card)
    monkeypatch.setenv("HUMANRT_CARDS", str(tmp_path / "cards"))
    code, (path,), _ = run("pull", "mine")
    assert code == cli.DONE
    assert Path(path).read_bytes() == content

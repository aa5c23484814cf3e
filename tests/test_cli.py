import io
import json
import subprocess
import sys

import pytest

import humanrt
from humanrt import cli
from humanrt.zoo import Progress
from parity.pictures import PICTURES, read_picture

ASTRONAUT = str(PICTURES / "astronaut.png")
BLACK = str(PICTURES / "black.png")


class Input:
    """Standard input that holds bytes."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestDetect:
    def test_a_table(self, capsys):
        assert cli.main(["detect", ASTRONAUT, BLACK]) == cli.DONE
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(f"{ASTRONAUT}: 512 x 512, faces: 1, ")
        assert lines[2].split() == ["1.00", "153", "50", "145", "145", "468"]
        assert lines[3].startswith(f"{BLACK}: 320 x 240, faces: 0")
        assert lines[4] == "live tensors: 0 before, 0 after"

    def test_json_is_one_human_shaped_line_a_picture(self, capsys):
        assert cli.main(["detect", "--json", ASTRONAUT, BLACK]) == cli.DONE
        first, second = map(json.loads, capsys.readouterr().out.splitlines())
        assert first["face"][0]["boxRaw"][2] == pytest.approx(0.28, abs=0.01)
        assert (first["width"], second["width"], second["face"]) == (512, 320, [])

    def test_standard_input(self, capsys, monkeypatch):
        monkeypatch.setattr(sys, "stdin", Input((PICTURES / "astronaut.png").read_bytes()))
        assert cli.main(["detect", "--json", "-"]) == cli.DONE
        assert len(json.loads(capsys.readouterr().out)["face"]) == 1

    def test_drawing(self, tmp_path, capsys):
        drawn = tmp_path / "new" / "folder"
        assert cli.main(["detect", "--draw", str(drawn), ASTRONAUT]) == cli.DONE
        assert f"drawn: {drawn / 'astronaut.png'}" in capsys.readouterr().out
        changed = read_picture("astronaut") != read_picture(drawn / "astronaut")
        assert changed[50:200, 150:300].any()
        assert not changed[300:].any()

    def test_a_configuration(self, tmp_path, capsys):
        config = tmp_path / "human.toml"
        config.write_text("[face.mesh]\nenabled = false\n")
        assert cli.main(["detect", "--config", str(config), "--device", "cpu", "--json", ASTRONAUT]) == cli.DONE
        assert len(json.loads(capsys.readouterr().out)["face"][0]["mesh"]) == 6

    def test_a_picture_that_fails_does_not_stop_the_others(self, tmp_path, capsys):
        bad = tmp_path / "bad.jpg"
        bad.write_bytes(b"no picture")
        assert cli.main(["detect", "--json", str(bad), ASTRONAUT, "/no/such/file"]) == cli.FAILED
        captured = capsys.readouterr()
        assert len(captured.out.splitlines()) == 1
        assert [line.split(": ")[1] for line in captured.err.splitlines()] == [str(bad), "/no/such/file"]

    @pytest.mark.parametrize(
        "arguments", [[], ["detect"], ["detect", "--nonsense", "x"], ["models"], ["models", "eat"]]
    )
    def test_wrong_usage(self, arguments, capsys):
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        assert end.value.code == cli.USAGE
        assert "usage:" in capsys.readouterr().err

    def test_a_wrong_configuration_is_wrong_usage(self, tmp_path, capsys):
        assert cli.main(["detect", "--config", str(tmp_path / "absent.toml"), ASTRONAUT]) == cli.USAGE
        assert "absent.toml" in capsys.readouterr().err

    def test_a_device_that_is_not_there(self, capsys):
        assert cli.main(["detect", "--device", "tpu", ASTRONAUT]) == cli.FAILED
        assert "tpu" in capsys.readouterr().err


class TestModels:
    def test_list(self, capsys):
        assert cli.main(["models", "list"]) == cli.DONE
        rows = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
        assert rows["facemesh"][1:] == ["face.mesh", "1.6", "MB", "MIT", "cached"]

    def test_pull_verify_path(self, capsys):
        assert cli.main(["models", "pull", "emotion"]) == cli.DONE
        pulled = capsys.readouterr().out.strip()
        assert cli.main(["models", "path", "emotion"]) == cli.DONE
        assert capsys.readouterr().out.strip() == pulled
        assert cli.main(["models", "verify", "emotion"]) == cli.DONE
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["intact", "intact"]

    @pytest.fixture
    def empty_cache(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path))
        monkeypatch.setenv("HUMANRT_OFFLINE", "1")
        return tmp_path

    def test_offline_with_nothing_cached(self, empty_cache, capsys):
        assert cli.main(["models", "pull", "emotion", "iris"]) == cli.FAILED
        error = capsys.readouterr().err
        assert "humanrt models pull emotion" in error
        assert "humanrt models pull iris" in error
        assert cli.main(["detect", ASTRONAUT]) == cli.FAILED
        assert "HUMANRT_OFFLINE" in capsys.readouterr().err
        assert not list(empty_cache.rglob("*.bin"))

    def test_verify_names_what_is_missing_and_damaged(self, empty_cache, capsys):
        assert cli.main(["models", "verify"]) == cli.DONE
        assert cli.main(["models", "verify", "iris"]) == cli.FAILED
        folder = empty_cache / "models" / "iris"
        folder.mkdir(parents=True)
        (folder / "iris.json").write_text("{}")
        capsys.readouterr()
        assert cli.main(["models", "verify"]) == cli.FAILED
        assert f"damaged  {folder / 'iris.json'}" in capsys.readouterr().out

    def test_an_unknown_model(self, capsys):
        assert cli.main(["models", "pull", "blazefase"]) == cli.FAILED
        assert "did you mean 'blazeface'?" in capsys.readouterr().err


class TestProgress:
    def test_a_terminal_sees_one_line(self, monkeypatch):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        cli._show_progress(Progress("iris.bin", 1_300_000, 2_600_000))
        cli._show_progress(Progress("iris.bin", 2_600_000, 2_600_000))
        assert terminal.getvalue() == "\rfetching iris.bin:  50% of 2.6 MB\rfetching iris.bin: 100% of 2.6 MB\n"

    def test_a_file_sees_nothing(self, capsys):
        cli._show_progress(Progress("iris.bin", 1, 2))
        assert capsys.readouterr().err == ""


def test_doctor(capsys):
    assert cli.main(["doctor"]) == cli.DONE
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["humanrt"] == humanrt.__version__
    assert "CPUExecutionProvider" in rows["providers"]
    assert rows["device"]
    assert int(rows["threads"]) >= 1


@pytest.mark.slow
def test_as_a_module():
    command = [sys.executable, "-m", "humanrt", "--version"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == humanrt.__version__

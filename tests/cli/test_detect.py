import errno
import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from png_files import unreadable
from videos import write_clip

from humanrt import cli
from humanrt.cli.drawings import choose_drawings
from parity.pictures import PICTURES, read_picture

ASTRONAUT = str(PICTURES / "astronaut.png")
BLACK = str(PICTURES / "black.png")


# What cv2.FaceDetectorYN returns for the astronaut: x, y, width, height.
OPENCVS_BOX = (178.2, 62.9, 89.9, 113.3)
FACES_ALONE = [f"--set={name}.enabled=false" for name in ("body", "hand", "gesture")]


class Input:
    """Standard input that contains these bytes."""

    def __init__(self, data):
        self.buffer = io.BytesIO(data)


def test_the_table(capsys):
    assert cli.main(["detect", "--verbose", ASTRONAUT, BLACK]) == cli.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{ASTRONAUT}: 512 x 512, faces: 1, ")
    row = lines[2].split()
    assert (row[:3], row[7]) == (["face", "0", "0.94"], "478")
    assert [float(value) for value in row[3:7]] == pytest.approx(OPENCVS_BOX, abs=3)
    assert lines[-2].startswith(f"{BLACK}: 320 x 240, nothing found, ")
    assert lines[-1] == "live tensors: 0 before, 0 after"


def test_the_models_of_human(capsys):
    assert cli.main(["detect", "--json", "--set", 'compat="human"', *FACES_ALONE, ASTRONAUT]) == cli.DONE
    (face,) = json.loads(capsys.readouterr().out)["face"]
    assert (face["score"], len(face["embedding"])) == (1, 1024)


def test_json_is_one_line_of_humans_form_for_each_picture(capsys):
    assert cli.main(["detect", "--json", ASTRONAUT, BLACK]) == cli.DONE
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["face"][0]["boxRaw"] == pytest.approx([value / 512 for value in OPENCVS_BOX], abs=0.03)
    assert (first["width"], second["width"], second["face"]) == (512, 320, [])


@pytest.mark.slow(3)
def test_a_preset_which_a_file_changes(capsys, tmp_path):
    (tmp_path / "c.toml").write_text("[gesture]\nenabled = false\n")
    assert cli.main(["detect", "--preset", "fast", "--config", str(tmp_path / "c.toml"), ASTRONAUT]) == cli.DONE
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[2:]] == ["face", "body"]
    assert cli.main(["detect", "--preset", "best", ASTRONAUT]) == cli.USAGE
    assert "it must be one of human, fast, balanced, accurate" in capsys.readouterr().err


def test_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Input((PICTURES / "astronaut.png").read_bytes()))
    assert cli.main(["detect", "--json", "-"]) == cli.DONE
    assert len(json.loads(capsys.readouterr().out)["face"]) == 1


def test_standard_input_twice_is_the_same_picture(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Input((PICTURES / "black.png").read_bytes()))
    assert cli.main(["detect", "-", "-"]) == cli.DONE
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["-", "-"]


class WriteOnly:
    """Standard input that is a descriptor for writing only."""

    @property
    def buffer(self):
        return self

    def read(self, size):
        raise OSError(errno.EBADF, "Bad file descriptor")


@pytest.mark.parametrize("stdin", [None, WriteOnly()], ids=["closed", "write-only"])
def test_a_closed_standard_input_does_not_stop_the_other_pictures(stdin, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", stdin)
    assert cli.main(["detect", "-", BLACK]) == cli.FAILED
    captured = capsys.readouterr()
    assert captured.err.startswith("humanrt: -: standard input ")
    assert captured.out.startswith(f"{BLACK}: 320 x 240")


def test_an_endless_standard_input_is_read_to_the_limit(capsys, monkeypatch):
    limits = []

    class Endless:
        def read(self, limit):
            limits.append(limit)
            return b""

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=Endless()))
    assert cli.main(["detect", "-"]) == cli.FAILED
    assert limits == [2**28 + 1]


def test_drawing(tmp_path, capsys):
    drawn, config = tmp_path / "new" / "folder", tmp_path / "human.toml"
    config.write_text("body = { enabled = false }\nhand = { enabled = false }\ngesture = { enabled = false }\n")
    assert cli.main(["detect", "--config", str(config), "--draw", str(drawn), ASTRONAUT]) == cli.DONE
    assert f"drawn: {drawn / 'astronaut.png'}" in capsys.readouterr().out
    changed = read_picture("astronaut") != read_picture(drawn / "astronaut")
    assert changed[50:200, 150:300].any()
    assert not changed[300:].any()


@pytest.fixture
def never_runs(monkeypatch):
    monkeypatch.setattr("humanrt.cli.detect.Human", None)


@pytest.mark.usefixtures("never_runs")
def test_a_drawing_never_replaces_a_picture(tmp_path, capsys):
    picture = tmp_path / "me.png"
    picture.write_bytes((PICTURES / "black.png").read_bytes())
    assert cli.main(["detect", "--draw", str(tmp_path), str(picture)]) == cli.USAGE
    assert f"{picture} is one of the pictures; name another folder" in capsys.readouterr().err


@pytest.mark.usefixtures("never_runs")
def test_a_folder_that_cannot_be_written_to_is_wrong_usage(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["detect", "--draw", str(tmp_path / "file"), ASTRONAUT]) == cli.USAGE
    assert "File exists; name a folder" in capsys.readouterr().err


def test_drawings_of_one_name_are_numbered(tmp_path):
    drawings = choose_drawings(["a/p.jpg", "b/p.jpg", "q.jpg"], ["p", "p", "q"], tmp_path)
    assert [path.name for path in drawings] == ["p.png", "p-2.png", "q.png"]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["table", "json"])
def test_a_closed_pipe_ends_the_command_silently(way):
    arguments = [sys.executable, "-m", "humanrt", "detect", *(["--json"] if way == "json" else []), *[ASTRONAUT] * 3]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == cli.UNREAD


def test_an_interrupted_command_ends_silently(monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("humanrt.cli.detect.asyncio.run", lambda work: (work.close(), interrupt(work)))
    assert cli.main(["detect", ASTRONAUT]) == cli.INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_configuration(tmp_path, capsys):
    config = tmp_path / "human.toml"
    config.write_text("[face.mesh]\nenabled = false\n")
    assert cli.main(["detect", "--config", str(config), "--device", "cpu", "--json", ASTRONAUT]) == cli.DONE
    assert len(json.loads(capsys.readouterr().out)["face"][0]["mesh"]) == 5


def test_a_picture_that_fails_does_not_stop_the_others(tmp_path, capsys):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    arguments = ["detect", "--json", "--max-faces", "1", str(bad), ASTRONAUT, "/no/such/file"]
    assert cli.main(arguments) == cli.FAILED
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    *failures, note = captured.err.splitlines()
    assert [line.split(": ")[1] for line in failures] == [str(bad), "/no/such/file"]
    assert note.startswith("humanrt: 1 result with 1 face, as many as asked for")


def test_a_module_that_fails_fails_the_command(capsys, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("humanrt.people.gestures.GestureRules.find", fail)
    assert cli.main(["detect", ASTRONAUT]) == cli.FAILED
    assert "  gesture failed: by zero" in capsys.readouterr().out.splitlines()
    assert cli.main(["detect", "--json", ASTRONAUT]) == cli.FAILED
    human = json.loads(capsys.readouterr().out)
    assert (human["error"], len(human["face"])) == ("gesture: by zero", 1)


def test_a_wrong_configuration_is_wrong_usage(tmp_path, capsys):
    assert cli.main(["detect", "--config", str(tmp_path / "absent.toml"), ASTRONAUT]) == cli.USAGE
    assert "absent.toml" in capsys.readouterr().err


def test_an_unknown_device_is_wrong_usage(capsys):
    assert cli.main(["detect", "--device", "tpu", ASTRONAUT]) == cli.USAGE
    assert "device is 'tpu'; it must be" in capsys.readouterr().err


def test_a_folder_with_a_broken_picture_to_a_file(tmp_path, capsys):
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.png").write_bytes(b"no picture")
    (tmp_path / "inner" / "b.png").write_bytes((PICTURES / "astronaut.png").read_bytes())
    output = tmp_path / "out.jsonl"
    arguments = ["detect", str(tmp_path), "--recursive", "--output", str(output), "--fields", "face.box"]
    assert cli.main([*arguments, "--max-faces", "1", *FACES_ALONE]) == cli.FAILED
    broken, found = map(json.loads, output.read_text().splitlines())
    assert (broken["path"], found["path"]) == (str(tmp_path / "a.png"), str(tmp_path / "inner" / "b.png"))
    assert broken["error"]
    assert found["face"][0]["box"] == pytest.approx(OPENCVS_BOX, abs=15)
    captured = capsys.readouterr()
    assert captured.out == f"{output}: 2 results, 1 failed, 1 face\n"
    first, second = captured.err.splitlines()
    assert first == f"humanrt: {broken['path']}: {broken['error']}"
    assert second == "humanrt: 1 result with 1 face, as many as asked for: there may be more; --max-faces N"


def test_the_frames_of_a_video(tmp_path, capsys):
    video = write_clip(tmp_path / "clip.mkv", [read_picture("black")] * 3)
    assert cli.main(["detect", str(video), "--frames", "2", "--max-faces", "5", *FACES_ALONE]) == cli.DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": 320 x 240")[0] for line in lines] == [
        f"{video}: frame 0, 0.000 s",
        f"{video}: frame 1, 0.100 s",
    ]


def test_a_broken_video_does_not_stop_the_others(tmp_path, capsys):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"no video")
    assert cli.main(["detect", str(video), BLACK, *FACES_ALONE]) == cli.FAILED
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{BLACK}: 320 x 240, nothing found")
    assert captured.err.startswith(f"humanrt: {video}: ")
    assert captured.err.count(str(video)) == 1


@pytest.mark.usefixtures("never_runs")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "face.iris"], "--set face.iris: it must be KEY=VALUE"),
        (["--set", "device=cpu"], "a text has quotes: --set 'device=\"cpu\"'"),
        (["--set", "face.detector.minConfidense=1"], "the nearest known one is 'face.detector.min_confidence'"),
        (["--max-faces", "0"], "face.detector.max_detected is 0; it must be at least 1"),
        (["--frames", "0"], "--frames 0: it must be at least 1"),
        (["--fields", "score"], "give --output FILE, too"),
        (["--output", "out.txt"], "its ending must be .jsonl, .csv or .parquet"),
        (["0", "--draw", "out"], "camera 0 is a video, and only pictures are drawn"),
    ],
)
def test_wrong_options_cost_nothing(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["detect", ASTRONAUT, *arguments]) == cli.USAGE
    assert message in capsys.readouterr().err


def test_the_decoders_write_nothing_between_the_lines_of_the_command(tmp_path):
    (tmp_path / "bad.png").write_bytes(unreadable())
    command = [sys.executable, "-m", "humanrt", "detect", "bad.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == cli.FAILED
    assert done.stderr.startswith("humanrt: bad.png: the PNG picture cannot be decoded")
    assert done.stderr.count("\n") == 1

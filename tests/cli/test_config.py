import tomllib

import pytest

from humanrt import Config, cli
from humanrt.config import load_config


def test_init_writes_the_default_configuration(tmp_path, capsys):
    path = tmp_path / "my.toml"
    assert cli.main(["config", "init", str(path)]) == cli.DONE
    assert capsys.readouterr().out == f"wrote {path}\n"
    assert load_config(path) == load_config() == Config.preset("balanced")


def test_init_replaces_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["config", "init"]) == cli.DONE
    before = (tmp_path / "config.toml").read_text()
    assert cli.main(["config", "init"]) == cli.USAGE
    assert "config.toml exists" in capsys.readouterr().err
    assert (tmp_path / "config.toml").read_text() == before
    assert cli.main(["config", "init", "absent/config.toml"]) == cli.USAGE
    assert "absent/config.toml cannot be written" in capsys.readouterr().err


def test_show_prints_the_merged_configuration(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text("[face.detector]\nmaxDetected = 7\n")
    arguments = ["--config", str(path), "--preset", "balanced", "--set", "filter.sepia=true"]
    assert cli.main(["config", "show", *arguments]) == cli.DONE
    shown = tomllib.loads(capsys.readouterr().out)
    merged = Config.preset("balanced").merge(tomllib.loads(path.read_text())).merge({"filter": {"sepia": True}})
    assert load_config(shown) == merged
    assert merged.face.detector.max_detected == 7


def test_show_names_the_line_of_an_error(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text("[face.detector]\n\nmaxDetect = 7\n")
    assert cli.main(["config", "show", "--config", str(path)]) == cli.USAGE
    assert f"{path}:3: unknown key 'face.detector.maxDetect'" in capsys.readouterr().err


@pytest.mark.parametrize("action", [[], ["eat"]])
def test_wrong_usage(action):
    with pytest.raises(SystemExit):
        cli.main(["config", *action])

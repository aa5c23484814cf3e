import humanrt
from humanrt import cli


def test_doctor(capsys):
    assert cli.main(["doctor"]) == cli.DONE
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert rows["humanrt"] == humanrt.__version__
    assert "CPUExecutionProvider" in rows["providers"]
    assert rows["device"]
    assert rows["CUDA"].startswith("used: " if rows["device"].startswith("cuda:") else "not used: ")
    assert int(rows["threads"]) >= 1


def test_custom_cards_are_named(capsys, monkeypatch):
    monkeypatch.setenv("HUMANRT_CARDS", "/my/cards")
    assert cli.main(["doctor"]) == cli.DONE
    assert "own cards     /my/cards" in capsys.readouterr().out

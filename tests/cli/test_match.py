"""``humanrt match`` and ``humanrt extract``."""

import shutil

import numpy as np

from humanrt import cli
from parity.pictures import PICTURES

ASTRONAUT, FACE, BLACK = (str(PICTURES / f"{name}.png") for name in ("astronaut", "human_face", "black"))


def test_one_person_two_persons_and_no_face(capsys):
    assert cli.main(["match", ASTRONAUT, ASTRONAUT]) == 0
    assert capsys.readouterr().out == "similarity 1.00: the same person (at least 0.50)\n"
    assert cli.main(["match", ASTRONAUT, FACE]) == 1
    assert "different persons (below 0.50)" in capsys.readouterr().out
    assert cli.main(["match", "--quiet", ASTRONAUT, BLACK]) == 2
    assert capsys.readouterr() == ("", f"humanrt: {BLACK}: there is no face in this picture\n")


def test_an_embedder_without_an_operating_point_is_refused(capsys):
    off = ["--set", "face.embedding.enabled=false"]
    assert cli.main(["match", *off, ASTRONAUT, FACE]) == cli.USAGE
    assert "enable face.embedding or face.description" in capsys.readouterr().err
    damaged = ["--set", "face.mobilefacenet.enabled=true", "--set", "face.mobilefacenet.model_path=mobilefacenet"]
    assert cli.main(["match", *off, *damaged, "--set", "face.description.enabled=true", ASTRONAUT, FACE]) == cli.USAGE


def test_the_embeddings_of_mobilefacenet(capsys):
    """Of the file that is repaired, which the presets name."""
    mobile = ["--set", "face.embedding.enabled=false", "--set", "face.mobilefacenet.enabled=true"]
    assert cli.main(["match", *mobile, ASTRONAUT, ASTRONAUT]) == 0
    assert cli.main(["match", *mobile, ASTRONAUT, FACE]) == 1
    assert "different persons (below 0.50)" in capsys.readouterr().out


def test_the_embeddings_of_human(capsys):
    faceres = ["--set", "face.embedding.enabled=false", "--set", "face.description.enabled=true"]
    assert cli.main(["match", *faceres, ASTRONAUT, ASTRONAUT]) == 0
    assert capsys.readouterr().out == "similarity 1.00: the same person (at least 0.50)\n"


def test_extract(tmp_path, capsys):
    shutil.copy(ASTRONAUT, tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    output = tmp_path / "faces.npz"
    assert cli.main(["extract", str(tmp_path), str(output)]) == cli.FAILED
    assert capsys.readouterr().out == f"{output}: 2 pictures, 1 face, 1 failed\n"
    with np.load(output) as faces:
        assert faces["embedding"].shape == (1, 128)

"""The command ``tools/bench/tensors`` runs. Its figures are for people to read, on an idle machine."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.usefixtures("peer")
def test_the_table_beside_tfjs():
    # From another folder, without an activated environment.
    command = [ROOT / "tools" / "bench" / "tensors", "--quick"]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 8
    for what, goal, ours, beside, ratio, verdict in rows[2:]:
        assert re.fullmatch(r"\d+\.\d\d [um]s", ours), what
        assert re.fullmatch(r"\d+\.\d\d [um]s (TF\.js|without their code)", beside), what
        assert float(ratio) > 0
        assert verdict.removesuffix(" |") in (("met", "missed") if goal else ("",))

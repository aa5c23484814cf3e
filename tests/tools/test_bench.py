"""How the benches measure, judge and compare commits. Their commands run in ``tests/peer/test_bench.py`` and beside."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import mediapipe
from bench.against import AgainstError, Worker, checkout_of, compare
from bench.rounds import Effort, Measured, Spent, Times, here, take_turns
from bench.table import Goal, Row, render, render_against
from bench.without_sites import registry_without_sites
from bench.worker import Work
from bench.workloads import OFF, WORKLOADS, configuration
from humanrt import Config

ROOT = Path(__file__).resolve().parents[2]

needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout of git")


class Side:
    """A side that takes a number of seconds for each go, and notes its name in ``order``."""

    def __init__(self, name, seconds, order):
        self.name = name
        self.seconds = seconds
        self.order = order

    def __call__(self, count):
        self.order.append(self.name)
        return Spent(self.seconds * count, 2 * self.seconds * count)


def test_two_sides_take_turns_in_the_order_abba():
    order = []
    measured = take_turns(Side("ours", 3e-6, order), Side("theirs", 2e-6, order), Effort(rounds=4, seconds=0.001))
    cpu, wall = measured
    assert (cpu.ours, cpu.theirs, cpu.ratio) == (pytest.approx(3), pytest.approx(2), pytest.approx(1.5))
    assert (wall.ours, wall.theirs, wall.ratio) == (pytest.approx(6), pytest.approx(4), pytest.approx(1.5))
    assert order[-8:] == ["ours", "theirs", "theirs", "ours"] * 2


def test_the_ratio_is_the_median_of_the_rounds_ratios():
    ours = iter([9, 1, 2, 3, 40])  # the first is the warm-up

    def side(_):
        return Spent(next(ours), 1)

    times = take_turns(side, lambda _: Spent(1, 1), Effort(rounds=4, seconds=0)).cpu
    assert (times.ratio, times.middle) == (2.5, (1.75, 12.25))


def test_one_side_alone():
    times = take_turns(Side("ours", 1e-6, []), None, Effort(rounds=1, seconds=0.001)).cpu
    assert times == Times(pytest.approx(1))


def test_one_round_of_two_sides():
    times = take_turns(Side("ours", 1, []), Side("theirs", 2, []), Effort(rounds=1, seconds=0)).cpu
    assert (times.ratio, times.middle) == (0.5, (0.5, 0.5))


def test_both_clocks_run():
    goes = []

    def work():
        goes.append(1)
        time.sleep(0.001)
        start = time.process_time()
        while time.process_time() - start < 0.001:
            pass

    spent = here(work)(5)
    assert spent.cpu >= 0.005
    assert spent.wall >= 0.005 + 5 * 0.001
    assert len(goes) == 5


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal(ratio=2), "met"),
        (Goal(ratio=1.9), "missed"),
        (Goal(microseconds=4), "met"),
        (Goal(microseconds=3.9), "missed"),
        (Goal(ratio=2, microseconds=3.9), "missed"),
        (None, ""),
    ],
)
def test_verdicts(goal, verdict):
    row = Row("a thing", goal, Times(4.0, 2.0, 2.0), "TF.js")
    assert row.missed == (verdict == "missed")
    assert row.cells == ("a thing", str(goal or ""), "4.00 us", "2.00 us TF.js", "2.00", verdict)


def test_a_table_is_markdown():
    rows = [Row("one", Goal(1.5, 2), Times(1.0, 1.0, 1.0), "TF.js"), Row("two", None, Times(1234.0), None)]
    lines = render(rows).splitlines()
    assert [line.count("|") for line in lines] == [7] * 4
    assert "at most 1.5 times, at most 2 us" in lines[2]
    assert lines[3] == "| two |  | 1.23 ms |  |  |  |"


def test_a_table_of_two_commits():
    measured = Measured(Times(2000, 1000, 2.0, (1.9, 2.1)), Times(3, 2, 1.5, (1.4, 1.6)))
    assert render_against("abc123", [("a face", measured)]).splitlines()[2:] == [
        "| a face | CPU | 2.00 ms | 1.00 ms | 2.000 | 1.900 to 2.100 |",
        "| a face | wall | 3.00 us | 2.00 us | 1.500 | 1.400 to 1.600 |",
    ]


def test_a_registry_without_sites_counts_as_the_other_does():
    registry = registry_without_sites()
    with registry.tensor([1.0, 2.0]) as tensor, tensor.clone() as clone:
        assert clone.array() == [1, 2]
        assert not hasattr(tensor, "sites")
        assert registry.memory().baseline == (2, 1, 8, 0)
    assert registry.memory().baseline == (0, 0, 0, 0)


class TestWorkloads:
    def test_every_workload_is_a_configuration(self):
        for workload in WORKLOADS.values():
            Config().merge(workload.config)

    def test_switches(self):
        config = configuration("face", "face.iris")
        assert config["face"]["enabled"]
        assert config["face"]["iris"]["enabled"]
        assert not config["face"]["mesh"]["enabled"]
        assert not OFF["face"]["enabled"]


class TestMediaPipe:
    @pytest.fixture(autouse=True)
    def no_python(self, monkeypatch):
        """No Python that MediaPipe can be installed for, and no environment that has it."""
        monkeypatch.setattr(mediapipe, "VERSION", "0")
        monkeypatch.setattr(mediapipe, "PYTHONS", ("python-0",))

    def test_an_environment_that_cannot_be_made(self, tmp_path):
        with pytest.raises(AgainstError, match="none of python-0 is installed, for which mediapipe 0 exists"):
            mediapipe.environment(tmp_path)

    def test_an_environment_that_is_there_is_used(self, tmp_path):
        (tmp_path / "mediapipe-0").touch()
        assert mediapipe.environment(tmp_path) == tmp_path / "bin" / "python"

    @pytest.mark.slow(seconds=3)
    def test_without_mediapipe_the_reason_is_beside_our_figures(self, monkeypatch, capsys):
        """Our side asserts that one face is in every frame, and that the detector did not run."""
        monkeypatch.setattr(mediapipe, "SECONDS", 0)
        monkeypatch.setattr(sys, "argv", ["tools/bench/mediapipe", "--rounds", "1"])
        assert mediapipe.main() == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split(" | ")[0] for line in lines[4:6]] == ["| a frame, CPU", "| a frame, wall"]
        assert lines[-1] == "MediaPipe is left out: none of python-0 is installed, for which mediapipe 0 exists."


@needs_git
@pytest.mark.slow
class TestAgainst:
    def test_two_checkouts_take_turns_and_nothing_is_left(self):
        works = {"cloning": Work("tensors", {"name": "clone"})}
        ((name, measured),) = compare("HEAD", works, Effort(rounds=2, seconds=0.001))
        assert name == "cloning"
        assert all(times.ours > 0 and times.theirs > 0 and times.ratio > 0 for times in measured)
        worktrees = subprocess.run(["git", "-C", ROOT, "worktree", "list"], capture_output=True, text=True, check=True)
        assert "humanrt-against" not in worktrees.stdout

    def test_a_worker_has_the_package_of_its_checkout(self):
        with checkout_of("HEAD") as checkout:
            package = checkout / "engine" / "humanrt" / "__init__.py"
            package.write_text("Engine = Human = None")
            with Worker(checkout) as worker, pytest.raises(AgainstError, match=r"the worker of .* ended"):
                worker.side(Work("tensors", {"name": "clone"}))(1)

    def test_a_checkout_without_the_package(self, tmp_path):
        with pytest.raises(AgainstError, match="does not have the package"), Worker(tmp_path):
            pass

    def test_an_unknown_commit(self):
        with pytest.raises(AgainstError, match="git cannot check out 'nonsense'"), checkout_of("nonsense"):
            pass


@pytest.mark.slow
class TestCommands:
    @staticmethod
    def run(name, *arguments):
        command = [sys.executable, "-m", f"bench.{name}", *arguments]
        return subprocess.run(command, cwd=ROOT / "tools", capture_output=True, text=True, check=False)

    @needs_git
    def test_detect(self):
        done = self.run("detect", "--against", "HEAD", "--rounds", "1", "--only", "detector")
        lines = [line.split(" | ") for line in done.stdout.splitlines()]
        assert [line[:2] for line in lines[2:]] == [["| detector", "CPU"], ["| detector", "wall"]]
        assert all(float(line[4]) > 0 for line in lines[2:])

    def test_detect_against_an_unknown_commit(self):
        done = self.run("detect", "--against", "nonsense")
        assert done.returncode == 2
        assert "tools/bench/detect: git cannot check out 'nonsense'" in done.stderr

    @needs_git
    def test_tensors(self):
        done = self.run("tensors", "--quick", "--against", "HEAD", "--only", "create")
        assert [line.split(" | ")[0] for line in done.stdout.splitlines()[2:]] == ["| create"] * 2

    def test_startup(self):
        done = self.run("startup", "--rounds", "1")
        cpu, wall = done.stdout.splitlines()[2:4]
        assert cpu.startswith("| `import humanrt; humanrt.Human`, CPU |")
        assert float(wall.split(" | ")[4]) > 0
        assert "`humanrt --version` imports" in done.stdout

    def test_matching(self):
        done = self.run("matching", "--entries", "300", "--rounds", "1")
        cpu, wall = done.stdout.splitlines()[4:6]
        assert cpu.startswith("| search, CPU | at most 1.2 times |")
        assert float(wall.split(" | ")[4]) > 0

    def test_cost(self):
        done = self.run("cost", "detector", "--top", "5")
        figures = dict(line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:8])
        assert list(figures) == ["hops", "calls", "files", "tensors", "outputs", "copies"]
        assert all(int(count.replace(",", "")) > 0 for count in figures.values())
        assert "/human.py" in done.stdout

"""Mutation tests of a toy: which mutants there are, that tests notice them, and that a run continues."""

import ast
import json
import textwrap

import pytest

from mutate import __main__ as command
from mutate import sample
from mutate.operators import changes
from mutate.sample import Equivalent, Mutant, draw, mutants_of


def mutations(source):
    source = textwrap.dedent(source)
    return {f"{change.operator}: {change.describe(source)}" for change in changes(source)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"comparison: a < b -> (a <= b)", "comparison: a < b -> (a >= b)"}),
        ("x = a is not b", {"comparison: a is not b -> (a is b)"}),
        ("x = a in b in c", {f"comparison: a in b in c -> (a {ops} c)" for ops in ("not in b in", "in b not in")}),
        ("x = a - b", {"arithmetic: a - b -> (a + b)"}),
        ("x = -a", {"arithmetic: -a -> (a)"}),
        ("x += a", {"remove statement: x += a -> pass", "arithmetic: x += a -> x -= a"}),
        ("x = a and b", {"boolean: a and b -> (a or b)"}),
        ("x = not a", {"boolean: not a -> (a)"}),
        ("x = True", {"boolean: True -> False"}),
        ("x = 1", {"constant: 1 -> 2"}),
        ("x = 'a'", {"constant: 'a' -> 'a?'"}),
        ("f(a)", {"remove statement: f(a) -> pass"}),
        ("x.y = a", {"remove statement: x.y = a -> pass"}),
        ("x = a", set()),
        ("del x[a]", {"remove statement: del x[a] -> pass"}),
        ("x = f(a, b)", {"swap arguments: f(a, b) -> (f(b, a))"}),
        ("x = f(a, *b)", set()),
        ("x = f(a, a)", set()),
        ("x = np.maximum(a, b)", set()),
        ("def f():\n    return a", {"return None: return a -> return None"}),
        ("def f():\n    return None", set()),
        ("async def f(a=1):\n    raise E('text')", {"constant: 1 -> 2", "remove statement: raise E('text') -> pass"}),
    ],
)
def test_the_changes_of_a_statement(source, expected):
    assert mutations(source) == expected


def test_what_is_left_alone():
    source = '''
        """A docstring."""
        if TYPE_CHECKING:
            x = 1
        __all__ = ["a"]
        Value = TypeVar("Value", bound="int | str")
        Alias: TypeAlias = int | str
        x: "int | None"

        class A:
            """A docstring."""
            __slots__ = ("a",)

            @overload
            def f(self, a: int = 1) -> int: ...
            def g(self, a: int | str) -> int | None:
                """A docstring."""
                return f"{a + 1}" % zip(a, strict=True)
    '''
    returned = 'return f"{a + 1}" % zip(a, strict=True)'
    arithmetic = "f'{a + 1}' // zip(a, strict=True)"
    assert mutations(source) == {
        f"return None: {returned} -> return None",
        f"arithmetic: {returned.removeprefix('return ')} -> ({arithmetic})",
    }


def test_a_change_keeps_the_rest_and_binds_as_tightly():
    source = "é = 'é'; x = (a -\n     b * c)  # a comment\n"
    (change,) = (change for change in changes(source) if change.describe(source).startswith("b"))
    mutated = change.apply(source)
    assert mutated == "é = 'é'; x = (a -\n     (b // c))  # a comment\n"
    assert change.line == 2
    assert ast.unparse(ast.parse(mutated)).endswith("x = a - b // c")


SUMS = """
def add(a, b):
    return a + b


def forget(numbers):
    numbers.clear()


def wait(done):
    while not done:
        pass
"""
TESTS = """
from humanrt.toy.sums import add, forget, wait

def test_sums():
    assert add(1, 2) == 3
    wait(True)
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A tree with one room, whose tests forget a function; nothing is cached."""
    monkeypatch.setenv("HUMANRT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take longer than the toy
    monkeypatch.setattr(sample, "EQUIVALENT", tmp_path / "equivalent.toml")
    for name, text in {
        "engine/humanrt/__init__.py": "",
        "engine/humanrt/toy/__init__.py": "",
        "engine/humanrt/toy/sums.py": SUMS,
        "tests/toy/test_sums.py": TESTS,
        "pyproject.toml": "[tool.pytest.ini_options]\nmarkers = ['slow', 'cuda']",
        "equivalent.toml": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def run(toy, *options):
    return command.main(["toy", "--root", str(toy), "--limit", "6", *options])


def results(toy):
    lines = (toy / "build" / "mutate" / "toy.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["mutation"]: entry["status"] for entry in map(json.loads, lines)}


@pytest.mark.slow
class TestToy:
    def test_a_run_and_those_after_it(self, toy, capsys):
        assert run(toy) == 1
        found = {
            "a + b -> (a - b)": "killed",
            "return a + b -> return None": "killed",
            "numbers.clear() -> pass": "survived",
            "not done -> (done)": "timeout",
        }
        assert results(toy) == found
        first = capsys.readouterr().out
        assert first.startswith("engine/humanrt/toy/sums.py:7: remove statement: numbers.clear() -> pass\n")
        assert "-    numbers.clear()\n+    pass\n" in first
        assert first.endswith("4 of 4 mutants, seed 0: 2 killed, 1 over 6 s, 0 equivalent, 1 survived\n")
        assert (toy / "engine/humanrt/toy/sums.py").read_text(encoding="utf-8") == SUMS

        # Everything is known by now.
        assert run(toy) == 1
        assert capsys.readouterr() == (first, "")

        tests = toy / "tests/toy/test_sums.py"
        tests.write_text(f"{TESTS}    forget(numbers := [1])\n    assert numbers == []\n")
        assert run(toy, "--survivors") == 0
        assert results(toy) == {**found, "numbers.clear() -> pass": "killed"}

    def test_an_equivalent_mutant_is_not_tested(self, toy, capsys):
        mutations = {
            "numbers.clear()": "numbers.clear() -> pass",
            "while not done:": "not done -> (done)",
            "return gone": "return gone -> return None",
        }
        (toy / "equivalent.toml").write_text(
            "".join(
                f"[[mutant]]\nfile = 'toy/sums.py'\nline = '{line}'\nmutation = '{mutation}'\nreason = 'a toy'\n"
                for line, mutation in mutations.items()
            )
        )
        assert run(toy) == 0
        out, err = capsys.readouterr()
        assert "2 killed, 0 over 6 s, 2 equivalent, 0 survived" in out
        assert "equivalent.toml has no mutant any more for: toy/sums.py: return gone" in err

    def test_tests_that_fail_without_a_mutant(self, toy, capsys):
        (toy / "tests/toy/test_sums.py").write_text("assert False")
        assert run(toy) == 2
        assert "tests/toy do not pass without a mutant" in capsys.readouterr().err


def test_a_room_that_is_not_there(toy, capsys):
    (toy / "tests/toy/test_sums.py").unlink()
    (toy / "tests/toy").rmdir()
    assert run(toy) == 2
    assert "there is no room 'toy'" in capsys.readouterr().err


def test_a_sample_depends_on_the_seed_alone_and_grows(toy):
    mutants = list(mutants_of(toy / "engine" / "humanrt", "toy"))
    assert len(mutants) == 4
    assert draw(mutants, 2, 1) == draw(mutants, 2, 1) == draw(mutants, 3, 1)[:2]
    assert len({tuple(draw(mutants, 4, seed)) for seed in range(9)}) > 1


def test_an_equivalent_mutant_is_known_by_its_line():
    source = "def f(a, b):\n    return a < b\n"
    (mutant,) = (Mutant("toy.py", source, each) for each in changes(source) if each.new == "(a <= b)")
    listed = Equivalent("toy.py", "return a < b", "a < b -> (a <= b)", "a toy")
    assert mutant.is_listed([listed])
    assert not mutant.is_listed([])
    assert not mutant.is_listed([Equivalent("toy.py", "return a > b", "a < b -> (a <= b)", "a toy")])

"""The list of what the tensor engine must do, and the tests: every line has a test that carries its number."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
LINES = range(1, 53)


def numbers(docstring):
    """The numbers that a docstring carries: "CONFORMANCE 1 to 4, 7 and 9" carries 1, 2, 3, 4, 7 and 9."""
    found = set()
    for listed in re.findall(r"CONFORMANCE ((?:\d+(?:, (?:and )?| and | to )?)+)", docstring):
        for first, _, last in re.findall(r"(\d+)( to (\d+))?", listed):
            found |= set(range(int(first), int(last or first) + 1))
    return found


def carried_by_tests():
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            if is_test or isinstance(node, ast.ClassDef):  # a stateful test of hypothesis is a class
                found |= numbers(ast.get_docstring(node) or "")
    return found


def test_how_numbers_are_read():
    assert numbers("CONFORMANCE 1 to 4, 7, 9 and 12: as it should be, 13 times.") == {1, 2, 3, 4, 7, 9, 12}
    assert numbers("CONFORMANCE 22, for kernels.") == {22}
    assert numbers("It is 5 to 12.") == set()


def test_every_line_has_a_test():
    carried = carried_by_tests()
    assert set(LINES) - carried == set()
    assert carried - set(LINES) == set()

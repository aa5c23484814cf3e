"""The changes that make mutants of a source file, each in one place.

Left alone is what tests are not meant to notice: annotations and type variables, docstrings, the texts of errors,
formatted strings, ``zip(strict=True)``, ``__slots__`` and ``__all__``, overloads and code under ``TYPE_CHECKING``.
"""

import ast
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
}
COMMUTATIVE = {"max", "min", "maximum", "minimum", "hypot", "isclose", "array_equal"}
"""Functions whose result does not depend on the order of two arguments."""

TYPING_CALLS = ("TypeVar", "TypeVarTuple", "ParamSpec", "NewType", "cast")


@dataclass(frozen=True)
class Change:
    """Bytes ``start`` to ``end`` of a source are replaced by ``new``; ``line`` is the line that they begin in."""

    operator: str
    line: int
    start: int
    end: int
    new: str

    def apply(self, source: str) -> str:
        """Return the source with the change."""
        data = source.encode()
        return (data[: self.start] + self.new.encode() + data[self.end :]).decode()

    def describe(self, source: str) -> str:
        """Return the old text and the new one, each on one line: ``a < b -> (a <= b)``."""
        old = source.encode()[self.start : self.end].decode()
        return " -> ".join(" ".join(text.split()) for text in (old, self.new))


def changes(source: str) -> list[Change]:
    """Return every change of a source, in order; each gives another program that compiles."""
    found = _Finder(source)
    found.visit(ast.parse(source))
    return sorted((change for change in found.changes if _compiles(change.apply(source))), key=lambda each: each.start)


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Finder(ast.NodeVisitor):
    """Collects the changes of one file."""

    def __init__(self, source: str) -> None:
        self.changes: list[Change] = []
        self._starts = [0]
        for line in source.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def _note(self, operator: str, node: Any, new: str | ast.expr) -> None:  # noqa: ANN401 - nodes with a place
        text = new if isinstance(new, str) else ast.unparse(new)
        if isinstance(new, ast.expr) and not isinstance(new, ast.Constant):
            text = f"({text})"  # it may bind less tightly than what was there
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        self.changes.append(Change(operator, node.lineno, start, end, text))

    # -- what is left alone

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list):
            return
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._visit_body(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_body(node.body)

    def visit_Module(self, node: ast.Module) -> None:
        self._visit_body(node.body)

    def _visit_body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                self.visit(statement)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "strict":  # of zip(), an assertion
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Skip it: before Python 3.12 what is in it has no place."""

    # -- statements

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and "TypeAlias" not in ast.unparse(node.annotation):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id.startswith("__") for target in node.targets):
            return
        # Without a local variable there is only a NameError.
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._note("remove statement", node, "pass")
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._note("remove statement", node, "pass")
        if other := ARITHMETIC.get(type(node.op)):
            changed = copy(node)
            changed.op = other()
            self._note("arithmetic", node, ast.unparse(changed))
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Yield | ast.YieldFrom):
            self._note("remove statement", node, "pass")
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._note("remove statement", node, "pass")

    def visit_Raise(self, node: ast.Raise) -> None:
        self._note("remove statement", node, "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            return
        if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._note("return None", node, "return None")
        self.visit(node.value)

    # -- expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        for i, op in enumerate(node.ops):
            for other in COMPARISONS[type(op)]:
                changed = copy(node)
                changed.ops = [*node.ops[:i], other(), *node.ops[i + 1 :]]
                self._note("comparison", node, changed)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if other := ARITHMETIC.get(type(node.op)):
            changed = copy(node)
            changed.op = other()
            self._note("arithmetic", node, changed)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._note("boolean" if isinstance(node.op, ast.Not) else "arithmetic", node, node.operand)
        if not isinstance(node.operand, ast.Constant):
            self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        changed = copy(node)
        changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._note("boolean", node, changed)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._note("boolean", node, ast.Constant(not value))
        elif isinstance(value, int | float):
            self._note("constant", node, ast.Constant(value + 1))
        elif isinstance(value, str):
            self._note("constant", node, ast.Constant(f"{value}?"))
        elif isinstance(value, bytes):
            self._note("constant", node, ast.Constant(value + b"?"))

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in TYPING_CALLS:
            return
        name = ast.unparse(node.func).rpartition(".")[2]
        for i, (one, other) in enumerate(pairwise(node.args)):
            if name in COMMUTATIVE:
                break
            if not any(isinstance(each, ast.Starred) for each in (one, other)) and ast.dump(one) != ast.dump(other):
                changed = copy(node)
                changed.args = [*node.args[:i], other, one, *node.args[i + 2 :]]
                self._note("swap arguments", node, changed)
        self.generic_visit(node)

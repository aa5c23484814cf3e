"""The accounts as they would be if creation sites had never been thought of, to measure what they cost when off."""

import ast
import inspect
import sys
from types import ModuleType
from typing import TypeVar
from unittest.mock import patch

from humanrt.tensors import Registry, accounts, registry, tensor

Node = TypeVar("Node", ast.Assign, ast.AnnAssign, ast.If)


def registry_without_sites() -> Registry:
    """Return a Registry whose code has no line about the sites on the way of a tensor from its making to its end.

    The sources are compiled anew, from the lowest upwards, without those lines. What reports the sites is broken then.
    """
    with patch.dict(sys.modules):
        for module in (tensor, accounts, registry):
            sys.modules[module.__name__] = bare = _without_sites(module)
    made: Registry = bare.Registry()
    return made


def _without_sites(module: ModuleType) -> ModuleType:
    leave_out = _LeaveOut()
    tree = leave_out.visit(ast.parse(inspect.getsource(module)))
    if module is not registry and not leave_out.lines:
        raise LookupError(f"{module.__name__} does not speak of sites any more: say in {__file__} what does")
    bare = ModuleType(module.__name__)
    exec(compile(tree, str(module.__file__), "exec"), vars(bare))  # noqa: S102  # our own source
    return bare


class _LeaveOut(ast.NodeTransformer):
    """Leaves out what is done with the sites, and what is done where they are asked for."""

    lines = 0

    def _about_sites(self, asked: ast.AST, statement: Node) -> Node | None:
        names = [getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(asked)]
        if any("site" in name.lower() for name in names):
            self.lines += 1
            return None
        self.generic_visit(statement)
        return statement

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        return self._about_sites(node, node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign | None:
        return self._about_sites(node, node)

    def visit_If(self, node: ast.If) -> ast.If | None:
        return self._about_sites(node.test, node)

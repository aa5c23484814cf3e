"""A registry without the code for creation sites, to measure what that code costs when they are switched off."""

import ast
import inspect
import sys
from types import ModuleType
from typing import TypeVar
from unittest.mock import patch

from humanrt.tensors import Registry, accounts, registry, tensor

Node = TypeVar("Node", ast.Assign, ast.AnnAssign, ast.If)


def registry_without_sites() -> Registry:
    """Return a Registry whose code to create and free tensors has no lines for creation sites.

    The sources are compiled again, from the lowest upwards, without those lines. Reports of the sites fail then.
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
        raise LookupError(
            f"{module.__name__} has no code for sites any more; name the modules that have it in {__file__}"
        )
    bare = ModuleType(module.__name__)
    exec(compile(tree, str(module.__file__), "exec"), vars(bare))  # noqa: S102  # our own source
    return bare


class _LeaveOut(ast.NodeTransformer):
    """Removes assignments to names with "site" in them, and ``if`` statements that test one."""

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

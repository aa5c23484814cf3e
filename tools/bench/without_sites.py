"""The accounts as they would be if creation sites had never been thought of, to measure what they cost when off."""

import ast
import inspect
import sys
from types import ModuleType
from unittest.mock import patch

from humanrt.tensors import Registry, handle, ledger, operators, registry, tensor, variable


def registry_without_sites() -> Registry:
    """Return a Registry whose code has no line about the sites on the way of a tensor from its making to its end.

    The sources are compiled anew, from the lowest upwards, without those lines. What reports the sites is broken then.
    """
    with patch.dict(sys.modules):
        for module in (handle, ledger, operators, tensor, variable, registry):
            sys.modules[module.__name__] = bare = _anew(module, leave_out=module in (handle, ledger))
    made: Registry = bare.Registry()
    return made


def _anew(module: ModuleType, *, leave_out: bool) -> ModuleType:
    """Execute a module again, on what the modules beneath it are now, and without the lines about sites if asked."""
    tree = ast.parse(inspect.getsource(module))
    if leave_out:
        transformer = _LeaveOut()
        tree = transformer.visit(tree)
        if not transformer.lines:
            raise LookupError(f"{module.__name__} does not mention sites any more: name in {__file__} what does")
    bare = ModuleType(module.__name__)
    exec(compile(tree, str(module.__file__), "exec"), vars(bare))  # noqa: S102  # our own source
    return bare


class _LeaveOut(ast.NodeTransformer):
    """Leaves out what is done with the sites, and what is done where they are asked for."""

    lines = 0

    def _is_about_sites(self, node: ast.AST) -> bool:
        names = [getattr(child, "id", getattr(child, "attr", "")) for child in ast.walk(node)]
        found = any("site" in name.lower() for name in names)
        self.lines += found
        return found

    def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
        return None if self._is_about_sites(node) else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign | None:
        return None if self._is_about_sites(node) else node

    def visit_If(self, node: ast.If) -> ast.If | list[ast.stmt]:
        self.generic_visit(node)
        return node.orelse if self._is_about_sites(node.test) else node

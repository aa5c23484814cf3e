"""The tensor engine: tensors that are all counted, and scopes that free them.

The files, from the ground up; imports only go down, without a circle, those for annotations included:

- ``buffer.py``: the memory; ``pool.py`` keeps freed memory for reuse, ``budget.py`` limits it
- ``reports.py``: what ``memory()`` and ``leaks()`` return; ``history.py``: where tensors were made, freed and lost
- ``handle.py``: what the ledger has to know of a tensor; ``scope.py``: what frees it
- ``ledger.py``: the one place where counters change
- ``profile.py``: what a function does with tensors; ``values.py``: what can become one
- ``kernels/``: what the ops compute, on arrays; ``kernels/run.py`` runs them on tensors
- ``tensor.py``: the handle that users hold, with ``operators.py`` and ``variable.py``
- ``ops/``, ``creation.py``, ``workspace.py``: the methods of an engine
- ``registry.py``: what an engine has: a ledger, a budget and variables; ``watch.py``: all registries of the process
"""

from humanrt.tensors.kernels.suppression import non_max_suppression
from humanrt.tensors.pool import POOL_LIMIT_BYTES
from humanrt.tensors.profile import Kernel, Profile, Timing
from humanrt.tensors.registry import Registry
from humanrt.tensors.reports import Baseline, LeakReport, LeakRow, Memory
from humanrt.tensors.scope import Scope
from humanrt.tensors.tensor import Tensor, tensors_in
from humanrt.tensors.values import DTYPES
from humanrt.tensors.variable import Variable

__all__ = [
    "DTYPES",
    "POOL_LIMIT_BYTES",
    "Baseline",
    "Kernel",
    "LeakReport",
    "LeakRow",
    "Memory",
    "Profile",
    "Registry",
    "Scope",
    "Tensor",
    "Timing",
    "Variable",
    "non_max_suppression",
    "tensors_in",
]

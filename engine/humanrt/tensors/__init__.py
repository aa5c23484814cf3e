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

Users see the classes that ``humanrt`` exports. What these hide behind an underscore is for this room only; what other
rooms of the package may do with a tensor besides its public methods are functions here: ``values_of()``, ``pinned()``,
``keep()`` and ``tensors_in()``. In this room, ``ledger_of()`` is the one way from a tensor to its ledger.
"""

from humanrt.tensors.kernels.suppression import non_max_suppression
from humanrt.tensors.ledger import Ledger
from humanrt.tensors.pool import POOL_LIMIT_BYTES
from humanrt.tensors.profile import Kernel, Profile, Timing
from humanrt.tensors.registry import Registry
from humanrt.tensors.reports import Baseline, LeakReport, LeakRow, Memory
from humanrt.tensors.scope import Scope
from humanrt.tensors.tensor import Tensor, keep, pinned, tensors_in, values_of
from humanrt.tensors.values import DTYPES
from humanrt.tensors.variable import Variable

__all__ = [
    "DTYPES",
    "POOL_LIMIT_BYTES",
    "Baseline",
    "Kernel",
    "LeakReport",
    "LeakRow",
    "Ledger",
    "Memory",
    "Profile",
    "Registry",
    "Scope",
    "Tensor",
    "Timing",
    "Variable",
    "keep",
    "non_max_suppression",
    "pinned",
    "tensors_in",
    "values_of",
]

"""The tensor engine's core: tensors that are all accounted for, and scopes that free them.

The general layout, from the ground up: ``buffer.py`` is memory, ``pool.py`` keeps it for reuse, and ``tensor.py`` is
the handle that users hold, with ``operators.py``, ``chained.py``, ``variable.py`` and ``exports.py`` beside it.
``scope.py`` says who frees what. ``budget.py`` and ``limits.py`` count bytes, ``accounts.py`` counts handles, and
``registry.py`` is what an engine has of all that. ``ops/`` computes, ``creation.py``, ``ranked.py`` and
``tensor_buffer.py`` make tensors, and ``workspace.py`` is everything that users of an engine see of its tensors.
``values.py`` decides what may become a tensor, ``containers.py`` finds tensors in nested data; ``memory.py``,
``profile.py``, ``sites.py``, ``leaks.py`` and ``watch.py`` are for looking.
"""

from humanrt.tensors.containers import tensors_in
from humanrt.tensors.leaks import LeakReport, LeakRow
from humanrt.tensors.memory import Baseline, Memory
from humanrt.tensors.ops.kernels.suppression import non_max_suppression
from humanrt.tensors.pool import POOL_LIMIT_BYTES
from humanrt.tensors.profile import Kernel, Profile, Timing
from humanrt.tensors.registry import Registry
from humanrt.tensors.scope import Scope
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.tensor_buffer import TensorBuffer
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
    "TensorBuffer",
    "Timing",
    "Variable",
    "non_max_suppression",
    "tensors_in",
]

"""The tensor engine's core: tensors that are all accounted for, and scopes that free them.

The general layout, from the ground up: ``buffer.py`` is memory, ``tensor.py`` the handle that users hold, ``scope.py``
says who frees what, and ``registry.py`` keeps the accounts. ``values.py`` decides what may become a tensor,
``containers.py`` finds tensors in nested data, ``memory.py``, ``sites.py`` and ``leaks.py`` are for looking.
``suppression.py`` stands by itself.
"""

from humanrt.tensors.containers import tensors_in
from humanrt.tensors.memory import Baseline, Memory
from humanrt.tensors.registry import Registry
from humanrt.tensors.scope import Scope
from humanrt.tensors.suppression import non_max_suppression
from humanrt.tensors.tensor import Tensor
from humanrt.tensors.values import DTYPES

__all__ = ["DTYPES", "Baseline", "Memory", "Registry", "Scope", "Tensor", "non_max_suppression", "tensors_in"]

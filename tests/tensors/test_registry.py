"""The registry: disposing, several registries, and closing."""

from dataclasses import dataclass

import numpy as np
import pytest

from humanrt.errors import EngineClosedError, InputError
from humanrt.tensors import Registry

# -- disposing


def test_disposing_twice_changes_nothing(registry):
    """CONFORMANCE 7."""
    other = registry.tensor(2)
    tensor = registry.tensor(1)
    for dispose in (tensor.dispose, tensor.dispose, lambda: registry.dispose(tensor)):
        dispose()
        assert registry.memory().baseline == (1, 1, 4, 0)
    other.dispose()


@pytest.mark.parametrize("nothing", [5, None, "text", [], {"a": 1}])
def test_disposing_other_objects_does_nothing(registry, nothing):
    """CONFORMANCE 7."""
    registry.dispose(nothing)


def test_disposing_a_container_disposes_its_tensors(registry):
    """CONFORMANCE 8: nested, with duplicates, a cycle and None; each tensor once."""

    @dataclass(frozen=True, eq=False)
    class Found:
        tensor: object
        more: object

    a, b, c, d, survivor = (registry.tensor(i) for i in range(5))
    container = {"x": [a, (b, {c}), a, None], "result": Found(d, [a])}
    container["self"] = container
    registry.dispose(container)
    assert registry.memory().num_tensors == 1
    survivor.dispose()


# -- two registries, and the end


def test_two_registries_count_independently(registry):
    """CONFORMANCE 42."""
    other = Registry()
    with other.tensor(1) as theirs:
        assert registry.memory().num_tensors == 0
        with pytest.raises(InputError, match="another engine"):
            registry.keep(theirs)
        other.close()
    with registry.tensor(1) as mine:
        assert mine.array() == 1


def test_close_frees_every_tensor_and_refuses_new_ones():
    """CONFORMANCE 43, as far as nothing is in flight."""
    registry = Registry(track_sites=True)
    tensors = [registry.tensor(i) for i in range(3)]
    with registry.scope():
        tensors.append(registry.tensor(3))
        view = tensors[0].numpy()
        registry.close()
        registry.close()
        assert registry.closed
        assert registry.memory().baseline == (0, 0, 0, 0)
        for make in (lambda: registry.tensor(1), lambda: registry.adopt(np.zeros(1, "f4")), registry.scope):
            with pytest.raises(EngineClosedError, match=r"make another one$"):
                make()
        with pytest.raises(EngineClosedError):
            registry.tidy(lambda: None)
    assert all(tensor.is_disposed for tensor in tensors)
    registry.dispose(tensors)
    assert view == 0

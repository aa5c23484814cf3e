"""The outputs of Human's default models are the same on GPU and CPU, within a thousandth of the largest value."""

import numpy as np
import pytest

from humanrt.engine import Engine, internals
from parity.choice import default_cards
from parity.inputs import PICTURES, RANDOM, make_inputs

LIMIT = 1e-3
SOURCES = (RANDOM[0], *PICTURES)


def run(engine, model, inputs):
    with engine.tidy():
        outputs = model.execute({name: engine.from_numpy(array) for name, array in inputs.items()})
        return [tensor.data_sync() for tensor in (outputs if isinstance(outputs, list) else [outputs])]


def takes_batches(card):
    return all(spec.shape[0] == "batch" for spec in card.inputs.values())


@pytest.mark.slow
@pytest.mark.parametrize("card", default_cards(), ids=lambda card: card.name)
def test_the_outputs_are_those_of_the_cpu(card):
    fed = [make_inputs(card, source) for source in SOURCES]
    if takes_batches(card):
        fed.append({name: np.concatenate([inputs[name] for inputs in fed]) for name in fed[0]})
    with Engine("cuda") as on_gpu, Engine("cpu") as on_cpu:
        model, same_model = (internals(engine).load(card) for engine in (on_gpu, on_cpu))
        for inputs in fed:
            outputs, expected = run(on_gpu, model, inputs), run(on_cpu, same_model, inputs)
            for spec, output, value in zip(model.outputs, outputs, expected, strict=True):
                assert output.dtype == value.dtype
                np.testing.assert_allclose(output, value, rtol=0, atol=LIMIT * np.abs(value).max(), err_msg=spec.name)

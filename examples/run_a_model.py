"""Run any model without Human: ``python examples/run_a_model.py MODEL``, an .onnx file or a TF.js model.json."""

import asyncio
import sys

from humanrt import Engine


async def main(path: str) -> None:
    async with Engine() as engine:
        model = await engine.load_graph_model(path)
        with engine.scope():  # frees inputs and outputs
            inputs = {}
            for spec in model.inputs:
                inputs[spec.name] = engine.zeros([size or 1 for size in spec.shape], spec.dtype)  # None is any size
            for name, output in (await model.predict(inputs)).items():
                print(f"{name}: {output.dtype} {list(output.shape)}")
        print(f"live tensors: {engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1]))

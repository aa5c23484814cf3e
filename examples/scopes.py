"""Free tensors with scopes: a tensor belongs to the scope that it is created in."""

import asyncio

from humanrt import Engine, Tensor


async def worker(engine: Engine, number: int) -> Tensor:
    # Each task has a scope of its own, however the tasks interleave.
    async with engine.scope(f"worker {number}") as scope:
        parts = [engine.tensor([number, part]) for part in range(3)]
        await asyncio.sleep(0)
        return scope.returns(parts[-1])  # belongs to the caller; the others are freed


async def main() -> None:
    async with Engine(device="cpu") as engine:
        kept = await asyncio.gather(*(worker(engine, number) for number in range(4)))
        print("after the workers:", engine.memory().num_tensors)
        print([tensor.array() for tensor in kept])
        engine.dispose(kept)
        print("after dispose:", engine.memory().num_tensors)


asyncio.run(main())

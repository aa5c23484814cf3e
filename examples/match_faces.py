"""Compare the first face of each picture with those before it: ``python examples/match_faces.py PICTURE...``.

The embeddings are saved in ``faces.npz``; ``EmbeddingStore.load()`` reads them.
"""

import asyncio
import sys

from humanrt import EmbeddingStore, Human


async def main(paths: list[str]) -> None:
    store = EmbeddingStore(max_entries=10_000)
    async with Human({"body": {"enabled": False}, "hand": {"enabled": False}}) as human:
        for path in paths:
            with await human.detect(path) as result:
                for face in result.face[:1]:
                    # On a thread, since a search of 100,000 embeddings takes 30 ms.
                    for hit in await asyncio.to_thread(store.search, face.embedding, 1):
                        verdict = "one person" if hit.similarity >= store.point.similarity else "two persons"
                        print(f"{path}: similarity {hit.similarity:.2f} to {hit.name}, probably {verdict}")
                    store.add(path, face.embedding, {"age": face.age, "gender": face.gender})
        print(f"live tensors: {human.engine.memory().num_tensors}")
    store.save("faces.npz")
    print(f"written: faces.npz, {len(store)} faces")


asyncio.run(main(sys.argv[1:]))

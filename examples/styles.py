"""Paint pictures in all styles: ``python examples/styles.py PICTURE...`` writes ``PICTURE-oil.jpg`` and the others."""

import asyncio
import sys
from pathlib import Path

from humanrt import Engine


async def main(pictures: list[str]) -> None:
    async with Engine("cpu") as engine:
        for picture in map(Path, pictures):
            with await engine.decode_image(picture) as image:
                for style in ("sketch", "pencil", "oil", "watercolor"):
                    with await engine.style(image, style, fast=True) as styled:
                        written = Path(f"{picture.stem}-{style}.jpg")
                        encoded = await engine.encode_image(styled, "jpeg")
                    await asyncio.to_thread(written.write_bytes, encoded)
                    print(f"written: {written}")
        print(f"live tensors: {engine.memory().num_tensors}")


asyncio.run(main(sys.argv[1:]))

"""Draw the detections on a picture: ``python examples/draw.py PICTURE DRAWN``, which ends in .png, .jpg or .webp."""

import asyncio
import sys

from humanrt import Human, draw_result, read_picture, write_picture


async def main(picture: str, drawn: str) -> None:
    async with Human() as human:
        with await human.detect(picture) as result:
            pixels = await asyncio.to_thread(read_picture, picture, max_pixels=human.config.image.max_pixels)
            canvas = await asyncio.to_thread(draw_result, pixels, result)  # a copy
            await asyncio.to_thread(write_picture, drawn, canvas)
    print(f"written: {drawn}, {canvas.shape[1]} x {canvas.shape[0]} pixels")


asyncio.run(main(*sys.argv[1:]))

"""Write a picture with each of Human's filters, side by side on a sheet: ``python examples/filters.py PICTURE SHEET``.

The ending of SHEET decides its format: .png, .jpg or .webp.
"""

import asyncio
import sys

import cv2
import numpy as np

from humanrt import Human, write_picture

TILE, COLUMNS = 160, 5
BAR = 18  # the height of a caption
FILTERS: dict[str, dict[str, float]] = {
    "original": {},
    **{name: {name: value} for name, value in (("brightness", 0.4), ("contrast", 0.4), ("sharpness", 1), ("blur", 9))},
    **{name: {name: value} for name, value in (("saturation", 1), ("hue", 120), ("pixelate", 10))},
    **{
        name: {name: True} for name in ("negative", "sepia", "vintage", "kodachrome", "technicolor", "polaroid", "flip")
    },
}


async def main(picture: str, path: str) -> None:
    rows = -(-len(FILTERS) // COLUMNS)
    sheet = np.full((rows * (TILE + BAR), COLUMNS * TILE, 3), 255, np.uint8)
    async with Human() as human, human.engine.scope():
        # First to one size: blur and pixelate are in pixels, whatever the size of the picture.
        tile = await human.image(picture, {"filter": {"enabled": True, "width": TILE, "height": TILE}})
        for i, (name, filters) in enumerate(FILTERS.items()):
            top, left = i // COLUMNS * (TILE + BAR), i % COLUMNS * TILE
            filtered = await human.engine.filter(tile, **filters)
            sheet[top : top + TILE, left : left + TILE] = filtered.numpy()
            place = (left + 4, top + TILE + BAR - 5)
            cv2.putText(sheet, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    await asyncio.to_thread(write_picture, path, sheet)
    print(f"written: {path}, {len(FILTERS)} pictures; live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(*sys.argv[1:]))

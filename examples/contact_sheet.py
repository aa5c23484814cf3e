"""Draw the detections on some pictures, side by side on a sheet: ``python examples/contact_sheet.py SHEET PICTURE...``.

The ending of SHEET decides its format: .png, .jpg or .webp. Below the pictures are the faces that were found in them.
"""

import asyncio
import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from humanrt import Human, crop_faces, draw_result, read_picture, write_picture

TILE, FACE, COLUMNS = 320, 80, 3


def sheet(tiles: list[NDArray[np.uint8]], side: int, columns: int) -> NDArray[np.uint8]:
    """Return pictures, scaled to fit squares of this side, in rows."""
    rows = -(-len(tiles) // columns)
    canvas = np.full((rows * side, columns * side, 3), 32, np.uint8)
    for i, tile in enumerate(tiles):
        height, width = (max(1, length * side // max(tile.shape[:2])) for length in tile.shape[:2])
        top, left = i // columns * side, i % columns * side
        canvas[top : top + height, left : left + width] = cv2.resize(
            tile, (width, height), interpolation=cv2.INTER_AREA
        )
    return canvas


async def main(path: str, *pictures: str) -> None:
    tiles: list[NDArray[np.uint8]] = []
    faces: list[NDArray[np.uint8]] = []
    async with Human({"face": {"detector": {"max_detected": 50}}}) as human:
        for picture in pictures:
            with await human.detect(picture) as result:
                pixels = await asyncio.to_thread(read_picture, picture, max_pixels=human.config.image.max_pixels)
                tiles.append(await asyncio.to_thread(draw_result, pixels, result))
                faces += crop_faces(pixels, result)
    both = [sheet(tiles, TILE, COLUMNS), sheet(faces, FACE, COLUMNS * TILE // FACE)]
    await asyncio.to_thread(write_picture, path, np.concatenate(both))
    print(f"written: {path}, {len(tiles)} pictures, {len(faces)} faces")


asyncio.run(main(*sys.argv[1:]))

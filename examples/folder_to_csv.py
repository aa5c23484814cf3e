"""Write a line for each face in a folder: ``python examples/folder_to_csv.py FOLDER FACES.csv``.

Memory does not grow with the folder. For embeddings, and to go on after an interruption, see ``human.extract()``.
"""

import asyncio
import csv
import sys
from pathlib import Path
from typing import TextIO

from humanrt import Human
from humanrt.errors import HumanRTError

OFF = {"enabled": False}
FACES = {"body": OFF, "hand": OFF, "gesture": OFF, "face": {"detector": {"max_detected": 20}}}
COLUMNS = ("picture", "x", "y", "width", "height", "score", "age", "gender")


async def main(folder: str, file: TextIO) -> None:
    table = csv.writer(file)
    table.writerow(COLUMNS)
    pictures = faces = failed = 0
    async with Human(FACES) as human:
        async with human.detect_many(folder, recursive=True) as batch:
            async for path, outcome in batch:
                if isinstance(outcome, HumanRTError):
                    print(f"{path.name}: no result: {outcome}")
                    failed += 1
                    continue
                with outcome:
                    rows = [(path, *face.box, face.score, face.age, face.gender) for face in outcome.face]
                table.writerows(rows)
                pictures, faces = pictures + 1, faces + len(rows)
        print(f"{faces} faces in {pictures} pictures, {failed} failed")
        print(f"live tensors: {human.engine.memory().num_tensors}")


with Path(sys.argv[2]).open("w", newline="", encoding="utf-8") as output:
    asyncio.run(main(sys.argv[1], output))

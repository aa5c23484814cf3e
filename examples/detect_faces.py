"""Detect the faces in a picture: ``python examples/detect_faces.py PICTURE``."""

import asyncio
import sys

from humanrt import Human


async def main(picture: str) -> None:
    async with Human({"face": {"detector": {"max_detected": 20}}}) as human:
        result = await human.detect(picture)
        for face in result.face:
            x, y, width, height = face.box
            nose = face.annotations["noseTip"][0]
            print(f"score {face.score:.2f}, box {width:.0f} x {height:.0f} at ({x:.0f}, {y:.0f})")
            print(f"  nose at ({nose[0]:.0f}, {nose[1]:.0f}), turned by {face.rotation.angle.yaw:.2f} rad")


asyncio.run(main(sys.argv[1]))

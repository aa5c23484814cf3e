"""Everything at once: all of Human's modules on one picture, printed, and drawn into a file.

``python examples/everything.py OVERLAY.png [PICTURE]``; without a picture, Human's own sample of a whole body.
"""

import asyncio
import sys

from humanrt import Human, Result
from humanrt.drawing import draw_result
from humanrt.imaging import read_picture, write_png

ON = {"enabled": True}
EVERYTHING = {  # bodies, hands and gestures are on by default
    "face": {"antispoof": ON, "liveness": ON, "detector": {"max_detected": 10}},
    "object": ON,
    "segmentation": {**ON, "model_path": "selfie.json"},
}


def tell(result: Result) -> None:
    for person in result.persons:
        print(f"person {person.id}: {person.face.gender}, {person.face.age:.0f} years")
        print("  body:", [keypoint.part for keypoint in person.body.keypoints] if person.body else "not seen")
        print("  does:", [gesture.gesture for gesture in person.gestures])
    for hand in result.hand:
        print(f"hand {hand.id}: {hand.label},", {name: finger.curl for name, finger in hand.landmarks.items()})
    print("objects:", [thing.label for thing in result.object])
    for segment in result.segmentation.legend:
        print(f"{segment.name}: {segment.area / (result.width * result.height):.0%} of the picture")


async def main(overlay: str, picture: str | None = None) -> None:
    async with Human(EVERYTHING) as human:
        if picture is None:
            picture = (await asyncio.to_thread(human.engine.store.samples))["human_body"]
        with await human.detect(picture) as result:
            tell(result)
            pixels = read_picture(picture, max_pixels=human.config.max_pixels)
            write_png(overlay, await asyncio.to_thread(draw_result, pixels, result))
        print(f"drawn: {overlay}; live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(*sys.argv[1:]))

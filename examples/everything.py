"""Run all modules on one picture: ``python examples/everything.py [PICTURE]``.

Without a picture, it runs on Human's sample picture of a whole body.
"""

import asyncio
import sys

from humanrt import Human, Result

ON = {"enabled": True}
EVERYTHING = {  # bodies, hands and gestures are on by default
    "face": {"antispoof": ON, "liveness": ON, "detector": {"max_detected": 10}},
    "object": ON,
    "segmentation": {**ON, "model_path": "selfie.json"},
}


def print_result(result: Result) -> None:
    for person in result.persons:
        print(f"person {person.id}: {person.face.gender}, {person.face.age:.0f} years")
        print("  body:", [keypoint.part for keypoint in person.body.keypoints] if person.body else "not detected")
        print("  gestures:", [gesture.gesture for gesture in person.gestures])
    for hand in result.hand:
        print(f"hand {hand.id}: {hand.label},", {name: finger.curl for name, finger in hand.landmarks.items()})
    print("objects:", [thing.label for thing in result.object])
    for segment in result.segmentation.legend:
        print(f"{segment.name}: {segment.area / (result.width * result.height):.0%} of the picture")
    for module, error in result.errors.items():
        print(f"{module} failed: {error}")


async def main(picture: str | None = None) -> None:
    async with Human(EVERYTHING) as human:
        if picture is None:
            picture = (await asyncio.to_thread(human.engine.store.samples))["human_body"]
        with await human.detect(picture) as result:
            print_result(result)
        print(f"live tensors: {human.engine.memory().num_tensors}")


asyncio.run(main(*sys.argv[1:]))

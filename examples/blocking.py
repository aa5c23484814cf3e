"""Detect without asyncio, as in a script or a notebook: ``python examples/blocking.py PICTURE...``.

``HumanSync`` runs Human on a thread of its own: it also works where an event loop runs, as in every notebook.
"""

import sys

from humanrt import Event, HumanSync

seen: list[Event] = []


def note(event: Event) -> None:
    seen.append(event)


with HumanSync({"face": {"detector": {"max_detected": 20}}}) as human:
    human.events.on("detect", note)  # it is called on another thread, and held weakly
    human.load()
    for picture in sys.argv[1:]:
        with human.detect(picture) as result:
            print(f"{picture}: {len(result.face)} faces")
        profile = human.profile(picture)
        profile.result.dispose()
        slowest = profile.models[0]
        print(f"  {slowest.model} took {slowest.share:.0%} of the time of all models")
    first, *others = sys.argv[1:]
    for other in others:
        print(f"difference from {other}: {human.compare(first, other):.1f}")
    human.events.flush()
    print(f"detections: {len(seen)}, models: {', '.join(human.models.loaded())}")
    print(f"live tensors: {human.engine.memory().num_tensors}")

"""A result as a table, a line for each thing found."""

from collections.abc import Iterator

from humanrt.result import Body, Box, Face, Hand, Object, Result, Segmentation


def table(result: Result) -> Iterator[str]:
    """Give the lines."""
    rows = [
        *(_row("face", face.score, face.box, _say_face(face)) for face in result.face),
        *(_row("body", body.score, body.box, _say_body(body)) for body in result.body),
        *(_row("hand", hand.score, hand.box, _say_hand(hand)) for hand in result.hand),
        *(_row("object", thing.score, thing.box, _say_object(thing)) for thing in result.object),
    ]
    if rows:
        yield f"{'':6}  {'score':>5}  {'x':>6} {'y':>6} {'width':>6} {'height':>6}"
        yield from rows
    if result.gesture:
        yield f"gestures: {', '.join(f'{each.part} {each.id} {each.gesture}' for each in result.gesture)}"
    if result.segmentation is not None:
        yield f"segments: {_say_segments(result.segmentation)}"
    for module, error in result.errors.items():
        yield f"{module} failed: {error}"


def _row(what: str, score: float, box: Box, said: str) -> str:
    return f"{what:6}  {score:5.2f}  {' '.join(f'{value:6.0f}' for value in box)}  {said}"


def _say_face(face: Face) -> str:
    said = [f"{len(face.mesh)} points"]
    if face.gender != "unknown":
        said.append(face.gender)
    if face.age is not None:
        said.append(f"{face.age:.0f} years")
    said += [emotion.emotion for emotion in face.emotion[:1]]
    return ", ".join(said)


def _say_body(body: Body) -> str:
    return f"{len(body.keypoints)} points"


def _say_hand(hand: Hand) -> str:
    return f"{hand.label}, {len(hand.keypoints)} points"


def _say_object(thing: Object) -> str:
    return thing.label


def _say_segments(segmentation: Segmentation) -> str:
    return ", ".join(f"{segment.name} {segment.area} pixels" for segment in segmentation.legend) or "none"

"""What people do, read off what was found of them: plain numbers in, words out.

The words and the rules are those of Human's src/gesture/gesture.ts. Left and right are the person's own.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias, TypeVar

from humanrt.people.gestures.body import body_gestures
from humanrt.people.gestures.face import face_gestures
from humanrt.people.gestures.hand import hand_gestures
from humanrt.people.gestures.iris import iris_gestures
from humanrt.result import Body, Face, Gesture, Hand

Seen = TypeVar("Seen", Face, Body, Hand)
Part: TypeAlias = Literal["face", "iris", "body", "hand"]


def find_gestures(
    faces: Sequence[Face], bodies: Sequence[Body], hands: Sequence[Hand], *, quirks: bool
) -> tuple[Gesture, ...]:
    """Tell what faces, bodies, hands and irises do, in this order; ``quirks`` reads them as Human does.

    A gesture has the id of the record it was seen in. With ``quirks`` it has that record's place in its list instead:
    Human writes the place, and then looks persons' gestures up by id, which is another number where a detector numbers
    its bodies before it sorts them.
    """

    def each(part: Part, records: Sequence[Seen], rules: Callable[..., Iterator[str]]) -> Iterator[Gesture]:
        for i, record in enumerate(records):
            for gesture in rules(record, quirks=quirks):
                yield Gesture(part, i if quirks else record.id, gesture)

    return (
        *each("face", faces, face_gestures),
        *each("body", bodies, body_gestures),
        *each("hand", hands, hand_gestures),
        *each("iris", faces, iris_gestures),
    )

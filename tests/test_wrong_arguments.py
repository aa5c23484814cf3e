"""Arguments of a wrong type, NaN, negative, boolean or huge: a typed error that names the argument, at once."""

import inspect
import math
from functools import partial

import numpy as np
import pytest

from humanrt import EmbeddingStore, Human, Result, draw_result, write_picture
from humanrt.errors import ConfigError, HumanRTError, InputError

PICTURE = np.zeros((4, 4, 3), np.uint8)
EMBEDDING = np.ones(1024, np.float32)
OBJECTS = [b"2", [], {}, object(), 1j, np.array([1, 2])]
NO_NUMBERS = [*OBJECTS, "2", True, math.nan, np.float64("nan")]
NO_SECONDS = [*NO_NUMBERS, -1, 10**400]
NO_BOOLS = [*OBJECTS, "yes", 1, 0.5, None]
NO_COUNTS = [*NO_NUMBERS, -1, 0, 1.5, math.inf]
NO_PATHS = [*OBJECTS[1:], 2, 1.5, True, None, math.nan]

STREAM = {
    "bgr": NO_BOOLS,
    "drop": [*OBJECTS, "newest", True, 1],
    "max_pending": NO_COUNTS,
    "timeout": [*NO_SECONDS, 0],
    "reconnect": [*NO_SECONDS, None],
}
DETECT_MANY = {"bgr": NO_BOOLS, "at_once": [*NO_COUNTS, 10**30], "ordered": NO_BOOLS, "recursive": NO_BOOLS}
EXTRACT = {
    "source": NO_PATHS,
    "output": NO_PATHS,
    "at_once": [*NO_COUNTS, 10**30],
    "recursive": NO_BOOLS,
}
OPTIONS = {
    "order": [*NO_NUMBERS, -1, 0, math.inf, 10**400],
    "multiplier": [*NO_NUMBERS, -1, 0, math.inf, 10**400],
}
RANGE = {"min": [*NO_NUMBERS, math.inf, 10**400], "max": [*NO_NUMBERS, -1, math.inf, 10**400]}
STORE = {
    "point": [*OBJECTS, "nobody", 1],
    "max_entries": NO_COUNTS,
    "ttl": [*OBJECTS, "2", math.nan, -1, 0],
    "index": [*OBJECTS, "none", 1, None],
}
NO_NAMES = [*OBJECTS, 1, None, math.nan]
COUNT = {"count": NO_COUNTS, "min_similarity": [*OBJECTS, "2", math.nan, math.inf]}


@pytest.fixture(scope="module")
def human():
    return Human({"device": "cpu"})


@pytest.fixture
def store():
    return EmbeddingStore()


def cases(**calls):
    """Return the parameters of a test: the name of the call, the argument, and a wrong value."""
    return [
        pytest.param(call, name, value, id=f"{call} {name} {type(value).__name__} {index}")
        for call, arguments in calls.items()
        for name, values in arguments.items()
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("call", "name", "value"),
    cases(
        stream=STREAM,
        detect_many=DETECT_MANY,
        extract=EXTRACT,
        distance=OPTIONS,
        similarity=OPTIONS | RANGE,
        find=OPTIONS | RANGE | {"embeddings": [object(), 1j, 1, True, None, math.nan], "threshold": NO_NUMBERS},
        store=STORE,
        get={"name": NO_NAMES},
        remove={"name": NO_NAMES},
        add={"name": NO_NAMES, "embedding": [*OBJECTS, "2", 1, None, [math.nan] * 1024, [10**400] * 1024]},
        search=COUNT,
        save={"path": NO_PATHS},
        load={"path": NO_PATHS},
        draw_result={"bgr": NO_BOOLS, "in_place": NO_BOOLS, "options": [*OBJECTS[3:], "2", 1]},
        write_picture={"path": NO_PATHS, "quality": [*NO_COUNTS, 101, 10**400]},
        session={"clock": [*OBJECTS, "2", 1, None]},
    ),
)
async def test_a_wrong_argument_is_a_typed_error(human, store, tmp_path, call, name, value):
    calls = {
        "stream": partial(human.stream, [PICTURE]),
        "detect_many": partial(human.detect_many, [PICTURE]),
        "extract": partial(human.extract, **{"source": tmp_path, "output": tmp_path / "faces.npz"} | {name: value}),
        "distance": partial(human.match.distance, EMBEDDING, EMBEDDING),
        "similarity": partial(human.match.similarity, EMBEDDING, EMBEDDING),
        "find": partial(human.match.find, EMBEDDING, **{"embeddings": [EMBEDDING]} | {name: value}),
        "store": EmbeddingStore,
        "get": store.get,
        "remove": store.remove,
        "add": partial(store.add, **{"name": "a", "embedding": EMBEDDING} | {name: value}),
        "search": partial(store.search, EMBEDDING),
        "save": store.save,
        "load": EmbeddingStore.load,
        "draw_result": partial(draw_result, PICTURE.copy(), Result(4, 4)),
        "write_picture": partial(write_picture, **{"path": tmp_path / "a.jpg", "pixels": PICTURE} | {name: value}),
        "session": human.session,
    }

    async def outcome():
        returned = calls[call](**{name: value})
        return await returned if inspect.isawaitable(returned) else returned

    with pytest.raises(HumanRTError) as caught:
        await outcome()
    assert type(caught.value) in (ConfigError, InputError) or name == "clock"
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert human.engine.memory().baseline == (0, 0, 0, 0)

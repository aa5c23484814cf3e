"""Decodes damaged pictures, one after the other, in a process with limited memory and limited time for each.

``python -m fuzz.picture_worker FOLDER SEED FIRST LAST STEP`` is called and prints as ``fuzz.worker``; FOLDER is not
used.
"""

import json
import sys
import traceback

from fuzz.limits import limit_memory, limited_time
from fuzz.picture_corpus import ValidPicture, draw_all
from fuzz.picture_mutation import mutate
from fuzz.worker import seeded
from humanrt.errors import InputError
from humanrt.imaging.decode import decode

LIMITS = (2_000, 100_000, 4_000_000)
"""The values of ``max_pixels``; the valid pictures have 1,200 pixels."""


def attempt(valid: ValidPicture, seed: int, case: int) -> str:
    """Decode one damaged picture.

    Return ``"decoded"``, ``"refused"``, the traceback of an undocumented error, or the size of a picture that is larger
    than the limit.
    """
    choose = seeded(seed, case)
    data, max_pixels = mutate(valid, choose), LIMITS[choose(len(LIMITS))]
    try:
        with limited_time():
            height, width, channels = decode(data, max_pixels=max_pixels).shape
    except InputError:
        return "refused"
    except BaseException:  # noqa: BLE001 - any other exception is a finding
        return traceback.format_exc()
    if channels != 3 or not 0 < height * width <= max_pixels:
        return f"the picture has the shape {height, width, channels}, with a limit of {max_pixels} pixels"
    return "decoded"


def main() -> None:
    _, seed, *numbers = sys.argv[1:]
    pictures = draw_all()
    for valid in pictures:
        decode(valid.data, max_pixels=LIMITS[0])  # imports are not part of a case
    limit_memory()
    for case in range(*map(int, numbers)):
        valid = pictures[case % len(pictures)]
        print(json.dumps([case, valid.kind]), flush=True)
        print(json.dumps(attempt(valid, int(seed), case)), flush=True)


if __name__ == "__main__":
    main()

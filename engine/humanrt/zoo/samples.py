"""Taking sample pictures out of the TypeScript file that holds them as base64."""

import base64
import re

from humanrt.errors import CardError
from humanrt.zoo.cards import SamplePicture


def decode_picture(source: str, picture: SamplePicture) -> bytes:
    """Return the JPEG in the string constant of the TypeScript text `source` that `picture` names.

    Raises CardError: `source` has no such constant.
    """
    declaration = rf"export const {re.escape(picture.constant)}(: string)? = `(?P<base64>[A-Za-z0-9+/=\s]*)`"
    match = re.search(declaration, source)
    if match is None:
        raise CardError(f"the card of {picture.name}: constant: the file has no base64 text {picture.constant!r}")
    return base64.b64decode(match["base64"])

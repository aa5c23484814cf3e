"""The arguments of a command as pictures and videos: files, folders, patterns, cameras, addresses, standard input."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from humanrt.cli.stdio import read_input
from humanrt.config import ImageConfig
from humanrt.errors import InputError
from humanrt.imaging import PictureSource
from humanrt.imaging.accepted import ACCEPTED_SOURCES
from humanrt.imaging.capture import ADDRESS
from humanrt.imaging.listing import list_pictures
from humanrt.zoo import redact

STANDARD_INPUT = "-"
# Of files that are read frame by frame; a file with any other ending is a picture.
VIDEO_ENDINGS = frozenset(
    {".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".webm", ".wmv"}
)
# What messages add for programs: the types of Python that are accepted.
FOR_PROGRAMS = (f"; {ACCEPTED_SOURCES}", "; accepted are a file, a folder and a pattern")


class Picture(NamedTuple):
    """A picture, and the name that is written for it."""

    name: str
    source: PictureSource


class Video(NamedTuple):
    """A video file, the number of a camera, or an address."""

    name: str
    source: str | int | Path


class Unreadable(NamedTuple):
    """An argument without a picture."""

    name: str
    error: Exception


Item: TypeAlias = Picture | Video | Unreadable


def find_items(arguments: Sequence[str], *, recursive: bool) -> list[Item]:
    """Return what the arguments name, in their order; standard input is read.

    This is done before an event loop runs: Ctrl-C would not interrupt the reading of standard input on its threads.
    """
    piped = _standard_input() if STANDARD_INPUT in arguments else None
    items: list[Item] = []
    for argument in arguments:
        if argument == STANDARD_INPUT and piped is not None:
            items.append(piped)
        else:
            items += _named(argument, recursive)
    return items


def brief(error: Exception, name: str) -> str:
    """Return the message of an error for a person who reads ``name`` before it: without name and types of Python."""
    text = str(error) or type(error).__name__
    for end in FOR_PROGRAMS:
        text = text.removesuffix(end)
    text, _, _ = text.partition("; reconnect=")
    return text.removeprefix(f"{name[:200]!r} ").removeprefix(f"{name[:200]!r}: ").removeprefix(f"{name} ")


def _standard_input() -> Picture | Unreadable:
    try:
        return Picture(STANDARD_INPUT, read_input(ImageConfig.max_bytes + 1))
    except OSError as error:
        return Unreadable(STANDARD_INPUT, error)


def _named(argument: str, recursive: bool) -> Iterator[Item]:
    """Yield what one argument names."""
    if ADDRESS.match(argument):
        yield Video(redact(argument), argument)
        return
    name = os.path.expanduser(argument)  # noqa: PTH111 - a Path would change the text, "./a" for instance
    path = Path(name)
    if argument.isascii() and argument.isdecimal() and not path.exists():
        yield Video(f"camera {int(argument)}", int(argument))
        return
    is_empty = True
    try:
        for found in list_pictures(path, recursive=recursive):
            is_empty = False
            text = name if found == path else str(found)
            is_video = found.suffix.lower() in VIDEO_ENDINGS and found.is_file()
            yield Video(text, found) if is_video else Picture(text, text)
    except InputError as error:
        yield Unreadable(name, error)
        return
    if is_empty:
        hint = "" if recursive else "; --recursive includes the folders in it"
        yield Unreadable(name, InputError(f"no picture is in this folder{hint}"))

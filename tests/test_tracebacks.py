import asyncio
import gc
import traceback

import pytest

from humanrt.tracebacks import clear_frames, handled


class Thing:
    pass


def alive(kind=Thing):
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def fail(thing):
    try:
        {}["missing"]
    except KeyError as error:
        raise LookupError from error


async def fail_later(thing):
    await asyncio.sleep(0)
    fail(thing)


def kept(work):
    """Return the error of ``work``, cleared."""
    try:
        work()
    except LookupError as error:
        clear_frames(error)
        return error


def test_frames_that_have_ended_hold_nothing():
    error = kept(lambda: fail(Thing()))
    assert alive() == 0
    assert [frame.name for frame in traceback.extract_tb(error.__traceback__)] == ["kept", "<lambda>", "fail"]
    assert isinstance(error.__cause__, KeyError)


def test_a_suspended_coroutine_of_a_user_is_not_closed():
    """An error that two callers share, of a load for instance, holds the frames of both."""

    async def main():
        shared, go_on = LookupError(), asyncio.Event()

        async def wait():
            try:
                raise shared
            except LookupError:
                await go_on.wait()
                return "went on"

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        clear_frames(shared)
        go_on.set()
        return await waiting

    assert asyncio.run(main()) == "went on"


def test_the_error_that_a_user_is_handling_is_not_touched():
    def users(thing):
        raise ValueError

    def call():
        outer = handled()
        try:
            fail(None)
        except LookupError as error:
            clear_frames(error, outer)
            return error

    thing = Thing()
    try:
        users(thing)
    except ValueError as error:
        inner, users_error = call(), error
    assert inner.__cause__.__context__ is users_error
    assert users_error.__traceback__.tb_next.tb_frame.f_locals == {"thing": thing}


def test_circles_of_errors_end():
    one, two = LookupError(), LookupError()
    one.__cause__, two.__cause__ = two, one
    clear_frames(one)


@pytest.mark.parametrize("work", [lambda: fail(Thing()), lambda: asyncio.run(fail_later(Thing()))])
def test_an_error_that_is_not_cleared_holds_a_lot(work):
    """Otherwise the tests above would show nothing."""
    with pytest.raises(LookupError) as raised:
        work()
    assert raised.value is not None
    assert alive() == 1

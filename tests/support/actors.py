"""Actors that run functions in scopes of their own: the test itself, a task, or a thread.

One actor runs at a time, when it is told to, so that every history can be repeated.
"""

import asyncio
import queue
import threading
import types

from account_book import Place

PATIENCE = 30  # seconds until a test that hangs gives up


class PlannedError(Exception):
    """An exception that leaves a number of scopes, and is caught around the last of them."""

    def __init__(self, scopes):
        super().__init__()
        self.scopes = scopes


ENTER, LEAVE = object(), object()


class Actor:
    """An actor that runs functions, in scopes that nest as in a program. This one is the test itself."""

    kind = "caller"

    def __init__(self, registry, place, context, loop):
        self.registry = registry
        self.born_in = place
        self.context = context
        self.loop = loop
        self.scopes = []  # its own (Scope, Place), from the outermost
        self.ended = False
        self.begin()

    @property
    def place(self):
        return self.scopes[-1][1] if self.scopes else self.born_in

    async def live(self):
        """Run acts. Each open scope is one level of recursion, so that an exception leaves it."""
        while (act := await self.next_act()) is not LEAVE:
            if act is not ENTER:
                act()
                continue
            try:
                async with self.registry.scope() as scope:
                    self.scopes.append((scope, Place(self.place)))
                    await self.live()
            except PlannedError as error:
                error.scopes -= 1
                if error.scopes:
                    raise

    def begin(self):
        self.life = self.live()
        self.life.send(None)

    @types.coroutine
    def next_act(self):
        return (yield)

    def do(self, act):
        """Run one act in this actor, and wait for its end."""
        try:
            self.context.run(self.life.send, act)
        except BaseException as end:
            self.ended = True
            if not isinstance(end, StopIteration):
                raise


class Worker(Actor):
    """A thread, in the context that it is given."""

    kind = "thread"

    def begin(self):
        super().begin()
        self.acts, self.answers = queue.SimpleQueue(), queue.SimpleQueue()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self):
        while not self.ended:
            try:
                self.answers.put(super().do(self.acts.get()))
            except BaseException as error:  # noqa: BLE001 - do() raises it in the test
                self.answers.put(error)

    def do(self, act):
        self.acts.put(act)
        error = self.answers.get(timeout=PATIENCE)
        if error is not None:
            raise error


class Task(Actor):
    """A task of an event loop that runs only during an act."""

    kind = "task"

    def begin(self):
        self.waits = asyncio.Event()
        self.task = self.loop.create_task(self.live(), context=self.context)
        self.task.add_done_callback(lambda _: self.waits.set())
        self.turn()

    async def next_act(self):
        self.act = self.loop.create_future()
        self.waits.set()
        return await self.act

    def turn(self):
        self.loop.run_until_complete(self.waits.wait())
        self.waits.clear()
        self.ended = self.task.done()

    def do(self, act):
        self.act.set_result(act)
        self.turn()
        if self.ended and not self.task.cancelled():
            self.task.result()

    def cancel(self):
        self.task.cancel()
        self.turn()
        assert self.task.cancelled()

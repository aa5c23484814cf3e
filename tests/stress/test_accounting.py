"""Random histories of one registry: scopes, tasks, threads, failures, cancellations and the garbage collector.

Hypothesis chooses what happens, `Actor`s do it, and a `Book` of plain dicts and sets says what must be true then. The
actors take turns, so that every history can be repeated; `test_threads.py` has those that cannot.
"""

import asyncio
import contextlib
import contextvars
import gc
from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from account_book import Book, Place
from actors import ENTER, LEAVE, Actor, PlannedError, Task, Worker
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from repetitions import EACH_RULE, HISTORIES

from humanrt.errors import ScopeClosedError, TensorDisposedError
from humanrt.tensors import Registry

STEPS = 35
SIZES = (0, 1, 3, 50, 70_000)  # the memory of the largest may be used again
INDEX = st.integers(0, 59)  # a small range is drawn from evenly
INDICES = st.lists(INDEX, max_size=4)
KINDS = st.sampled_from([Task, Worker])


def pick(choices, index):
    return list(choices)[index % len(choices)]


def throw(error):
    raise error


class Accounting(RuleBasedStateMachine):
    """CONFORMANCE 1 to 4, 7, 8, 10 to 19 and 22 to 26."""

    coverage, lengths = Counter(), []

    def __init__(self):
        super().__init__()
        if len(self.lengths) % 100 == 0:  # before the garbage of other histories takes too much memory
            gc.unfreeze()
            gc.collect()
        gc.freeze()  # the collector shall look at this history only
        self.registry, self.book = Registry(), Book()
        self.loop = asyncio.new_event_loop()
        self.actors = [Actor(self.registry, None, contextvars.copy_context(), self.loop)]
        self.handles = {}  # key -> Tensor, as long as somebody holds it
        self.numbers = {}  # key -> number of its buffer, also when it was disposed
        self.exports, self.theirs = [], []  # (array, value): views that we gave away, arrays that were shared with us
        self.length = 0

    def let(self, actor, what, act):
        """Let an actor do something, and return how it ended: "done", or the name of the error."""
        outcomes = []

        def attempt():
            try:
                act()
                outcomes.append("done")
            except (TensorDisposedError, ScopeClosedError) as error:
                outcomes.append(type(error).__name__)

        actor.do(attempt)
        self.note(actor, what, *outcomes)
        return outcomes[0]

    def note(self, actor, what, outcome="done"):
        self.coverage[f"{what}: {outcome}", actor.kind] += 1

    # -- making and disposing

    @rule(who=INDEX, size=st.sampled_from(SIZES), shared=st.booleans())
    def create(self, who, size, shared):
        number = len(self.book.sizes)
        self.book.sizes.append(size)
        array = np.full(size, number % 251, np.uint8)
        if shared:
            self.theirs.append((array, number % 251))
        make = self.registry.from_numpy if shared else self.registry.tensor
        self.make(pick(self.actors, who), "create", lambda: make(array), number)

    @precondition(lambda self: self.handles)
    @rule(who=INDEX, which=INDEX, how=st.sampled_from(["clone", "reshape", "expand_dims", "squeeze"]))
    def derive(self, who, which, how):
        key = pick(self.handles, which)
        arguments = [-1] if how == "reshape" else []
        make = lambda: getattr(self.handles[key], how)(*arguments)  # noqa: E731 - no local may hold the tensor
        self.make(pick(self.actors, who), "share a buffer", make, self.numbers[key], key not in self.book.buffers)

    def make(self, actor, what, make, number, disposed=False):
        key = len(self.numbers)
        outcome = self.let(actor, what, lambda: self.handles.update({key: make()}))
        if disposed:
            assert outcome == "TensorDisposedError"
        elif actor.place and actor.place.closed:
            assert outcome == "ScopeClosedError"
        else:
            assert outcome == "done"
            self.numbers[key] = number
            self.book.add(key, number, actor.place)

    @precondition(lambda self: self.handles)
    @rule(who=INDEX, which=INDICES)
    def dispose(self, who, which):
        keys = [pick(self.handles, index) for index in which]
        self.let(
            pick(self.actors, who),
            "dispose",
            lambda: self.registry.dispose([{"tensor": self.handles[key]} for key in keys]),
        )
        for key in keys:
            self.book.strike(key)

    @precondition(lambda self: self.book.buffers.keys() & self.handles)
    @rule(which=INDEX)
    def export(self, which):
        key = pick(sorted(self.book.buffers.keys() & self.handles), which)
        self.exports.append((self.handles[key].numpy(), self.numbers[key] % 251))
        self.note(self.actors[0], "numpy()")

    @precondition(lambda self: self.exports)
    @rule(which=INDEX)
    def drop_an_export(self, which):
        del self.exports[which % len(self.exports)]

    # -- handles that nobody disposes

    @precondition(lambda self: self.handles)
    @rule(who=INDEX, which=INDEX)
    def mark_automatic(self, who, which):
        key = pick(self.handles, which)
        self.let(pick(self.actors, who), "mark automatic", lambda: self.registry.mark_automatic([self.handles[key]]))
        if key in self.book.buffers:
            self.book.automatic.add(key)

    @precondition(lambda self: self.handles)
    @rule(who=INDEX, which=INDEX)
    def vanish(self, who, which):
        key = pick(self.handles, which)
        self.let(pick(self.actors, who), "let vanish", lambda: self.handles.pop(key))
        self.book.vanish(key)

    @precondition(lambda self: self.handles)
    @rule(which=INDEX)
    def lose_in_a_cycle(self, which):
        key = pick(self.handles, which)
        cycle = [self.handles.pop(key)]
        cycle.append(cycle)
        if key in self.book.buffers:
            self.book.unreachable.add(key)

    @precondition(lambda self: self.book.unreachable)
    @rule(who=INDEX)
    def collect_garbage(self, who):
        self.let(pick(self.actors, who), "collect garbage", gc.collect)
        for key in list(self.book.unreachable):
            self.book.vanish(key)

    # -- scopes

    @property
    def shallow(self):
        return [actor for actor in self.actors if len(actor.scopes) < 4]

    @property
    def inside(self):
        return [actor for actor in self.actors if actor.scopes]

    @precondition(lambda self: self.shallow)
    @rule(who=INDEX)
    def enter(self, who):
        actor = pick(self.shallow, who)
        actor.do(ENTER)
        self.note(actor, "enter a scope")

    def left(self, actor, number):
        """Note that an actor is out of so many of his scopes."""
        for _ in range(number):
            self.book.close(actor.scopes.pop()[1])
        if actor.ended:
            self.actors.remove(actor)

    @precondition(lambda self: self.inside)
    @rule(who=INDEX)
    def leave(self, who):
        actor = pick(self.inside, who)
        actor.do(LEAVE)
        self.note(actor, "leave a scope")
        self.left(actor, 1)

    @precondition(lambda self: self.inside)
    @rule(who=INDEX, scopes=INDEX)
    def fail(self, who, scopes):
        """An error goes out through some of an actor's scopes. Tasks and threads may die of it."""
        actor = pick(self.inside, who)
        depth = len(actor.scopes)
        number = 1 + scopes % (depth + (actor.kind != "caller"))
        with pytest.raises(PlannedError) if number > depth else contextlib.nullcontext():
            actor.do(lambda: throw(PlannedError(number)))
        self.note(actor, "fail", "and die" if number > depth else "and go on")
        self.left(actor, min(number, depth))

    @precondition(lambda self: self.inside)
    @rule(who=INDEX, which=INDICES, depth=INDEX)
    def returns(self, who, which, depth):
        actor = pick(self.inside, who)
        scope, place = pick(actor.scopes, depth)
        keys = {pick(self.handles, index) for index in which if self.handles}
        self.let(actor, "return from a scope", lambda: scope.returns([self.handles[key] for key in keys]))
        self.book.hand_over(place, keys)

    @precondition(lambda self: self.handles)
    @rule(who=INDEX, which=INDEX)
    def keep(self, who, which):
        key = pick(self.handles, which)
        outcome = self.let(pick(self.actors, who), "keep", lambda: self.registry.keep(self.handles[key]))
        assert outcome == ("done" if key in self.book.buffers else "TensorDisposedError")
        if outcome == "done":
            self.book.move(key, None)

    @rule(who=INDEX, made=st.integers(0, 3), returned=st.sets(st.integers(0, 2)), fails=st.booleans())
    def tidy(self, who, made, returned, fails):
        """TF.js's: some of what the function makes is returned, the rest is freed; all of it when it raises."""
        actor = pick(self.actors, who)
        place = Place(actor.place)
        keys = [len(self.numbers) + i for i in range(made)]
        for key in keys:
            self.numbers[key] = len(self.book.sizes)
            self.book.sizes.append(1)
            self.book.add(key, self.numbers[key], place)

        def function():
            self.handles.update({key: self.registry.tensor([self.numbers[key] % 251], np.uint8) for key in keys})
            if fails:
                raise PlannedError(0)
            return {key: self.handles[key] for key in keys if key - keys[0] in returned}

        def act():
            with contextlib.suppress(PlannedError):
                self.registry.tidy(function)

        self.let(actor, "tidy that fails" if fails else "tidy", act)
        self.book.hand_over(place, set() if fails else {key for key in keys if key - keys[0] in returned})
        self.book.close(place)

    # -- tasks and threads

    @initialize(plan=st.lists(st.tuples(INDEX, st.booleans(), KINDS), min_size=2, max_size=3))
    def begin(self, plan):
        for who, in_scope, kind in plan:
            if in_scope:
                self.enter(who)
            self.start(who, kind)

    @precondition(lambda self: len(self.actors) < 5)
    @rule(who=INDEX, kind=KINDS)
    def start(self, who, kind):
        """A task or thread starts in a copy of its maker's context, as create_task() and to_thread() do it."""
        maker, contexts = pick(self.actors, who), []
        self.let(maker, f"start a {kind.kind}", lambda: contexts.append(contextvars.copy_context()))
        self.actors.append(kind(self.registry, maker.place, *contexts, self.loop))

    @precondition(lambda self: len(self.actors) > 2)
    @rule(who=INDEX)
    def end(self, who):
        """A task or thread leaves all its scopes and ends, maybe later than its maker."""
        actor = pick(self.actors[1:], who)
        for _ in range(len(actor.scopes) + 1):
            actor.do(LEAVE)
        self.note(actor, "end")
        self.left(actor, len(actor.scopes))

    @property
    def tasks(self):
        return [actor for actor in self.inside if actor.kind == "task"]

    @precondition(lambda self: self.tasks)
    @rule(who=INDEX)
    def cancel(self, who):
        actor = pick(self.tasks, who)
        actor.cancel()
        self.note(actor, "be cancelled in a scope")
        self.left(actor, len(actor.scopes))

    # -- what must be true after every step

    @invariant()
    def counts_agree(self):
        memory = self.registry.memory()
        assert memory.baseline == self.book.baseline
        assert memory.peak_bytes == self.book.peak
        assert memory.unreliable == bool(self.exports)
        self.length += 1

    @invariant()
    def exactly_the_live_can_be_read(self):
        for key, tensor in self.handles.items():
            if key in self.book.buffers:
                values = tensor.data_sync()
                assert values.size == self.book.sizes[self.numbers[key]]
                assert (values == self.numbers[key] % 251).all()
            else:
                assert tensor.is_disposed
                with pytest.raises(TensorDisposedError):
                    tensor.data_sync()
        for array, value in (*self.exports, *self.theirs):
            assert (array == value).all()

    def teardown(self):
        self.lengths.append(self.length)
        while len(self.actors) > 1:
            self.end(0)
        while self.actors[0].scopes:
            self.leave(0)
        self.loop.close()
        self.exports.clear()
        self.counts_agree()
        self.registry.close()
        assert self.registry.memory().baseline == (0, 0, 0, self.book.leaked)


@pytest.mark.tensor_leaks(allow=1_000_000)  # on purpose, and counted here
@pytest.mark.slow(20)
@pytest.mark.soak
@pytest.mark.usefixtures("collector")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_random_histories():
    gc.disable()  # it runs when it is told to
    run_state_machine_as_test(
        Accounting,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        ),
        _min_steps=STEPS,  # or a third would be shorter, since hypothesis also tries when to stop
    )
    kinds = [actor.kind for actor in (Actor, Task, Worker)]
    print(f"{len(Accounting.lengths)} histories; how often what was done by whom:")
    print(f"{'':40}{''.join(f'{kind:>8}' for kind in kinds)}")
    for what in sorted({what for what, _ in Accounting.coverage}):
        print(f"{what:40}{''.join(f'{Accounting.coverage[what, kind]:8}' for kind in kinds)}")
    assert sum(length >= 30 for length in Accounting.lengths) >= HISTORIES
    assert min(Accounting.coverage.values()) >= EACH_RULE, "some rule is hardly tried"

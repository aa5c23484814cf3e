"""What one warm ``detect()`` costs, in counts that no other process can disturb: ``python -m bench.cost``.

Counted are hops to worker threads, Python calls in ``humanrt`` and the files that they enter, tensors, and copies of
model outputs. Resuming a coroutine or a generator counts as a call, as it does for ``sys.setprofile``. Comprehensions
and generator expressions are part of the function around them: from Python 3.12 on, most are no calls.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple
from unittest.mock import patch

from onnxruntime import InferenceSession

import humanrt
from bench.workloads import WORKLOADS, read_sample
from humanrt import Config, Human

PACKAGE = Path(humanrt.__file__).parent
WARM_UPS = 3
COPYING = ("empty", "data_sync")
"""The functions of ``tensors/`` that copy an output: a run is copied into what ``Ledger.empty`` allocates."""

WAY = ("/runtime/scheduler.py", "/runtime/futures.py", "/runtime/completion.py")
"""The files that every hop passes."""


class Call(NamedTuple):
    """A call of a function of ours: on which thread ("loop" or "worker"), and what called it."""

    thread: str
    function: CodeType
    caller: CodeType | None


@dataclass
class Cost:
    """What was counted.

    Attributes:
        hops: for each hop to a worker thread, the calls that were made there.
        loop: the calls on the thread of the event loop.
        outputs: the number of arrays that ONNX Runtime returned.
        tensors: the number of tensors that were created.

    """

    hops: list[list[Call]] = field(default_factory=list)
    loop: list[Call] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    tensors: int = 0

    @property
    def calls(self) -> list[Call]:
        """All calls, of every thread."""
        return [*self.loop, *(call for hop in self.hops for call in hop)]

    @property
    def figures(self) -> dict[str, int]:
        """The counts by name."""
        functions = [call.function for call in self.calls]
        files = {function.co_filename for function in functions}
        copies = [each for each in functions if each.co_name in COPYING and "/tensors/" in place(each)]
        return {
            "hops": len(self.hops),
            "calls": len(functions),
            "files": len(files),
            "tensors": self.tensors,
            "outputs": sum(self.outputs),
            "copies": len(copies),
        }


def is_ours(code: CodeType) -> bool:
    """Return whether code is a function of ``humanrt``, and not a comprehension within one."""
    return code.co_filename.startswith(str(PACKAGE)) and (code.co_name[0] != "<" or code.co_name == "<lambda>")


def place(function: CodeType) -> str:
    """Return where a function of ours is: its file below ``humanrt`` and its line."""
    return f"/{Path(function.co_filename).relative_to(PACKAGE).as_posix()}:{function.co_firstlineno}"


@contextmanager
def counting(cost: Cost) -> Iterator[None]:
    """Count what this thread, and every job that it hands to a thread pool, does within this block."""
    active = True
    submit, run = ThreadPoolExecutor.submit, InferenceSession.run

    def profiler(thread: str, calls: list[Call]) -> Callable[[FrameType, str, object], None]:
        def note(frame: FrameType, event: str, _: object) -> None:
            if not active:
                sys.setprofile(None)
            elif event == "call" and is_ours(frame.f_code):
                calls.append(Call(thread, frame.f_code, frame.f_back and frame.f_back.f_code))

        return note

    def counted_submit(pool: ThreadPoolExecutor, job: Callable[..., Any], /, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - any job
        calls: list[Call] = []
        cost.hops.append(calls)

        def counted_job() -> Any:  # noqa: ANN401 - as above
            # It stays after the job: the callbacks of its future run on this thread as well.
            sys.setprofile(profiler("worker", calls))
            return job(*args, **more)

        return submit(pool, counted_job)

    def counted_run(session: InferenceSession, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - as above
        results = run(session, *args, **more)
        cost.outputs.append(len(results))
        return results

    with (
        patch.object(ThreadPoolExecutor, "submit", counted_submit),
        patch.object(InferenceSession, "run", counted_run),
    ):
        sys.setprofile(profiler("loop", cost.loop))
        try:
            yield
        finally:
            sys.setprofile(None)
            active = False


async def measure(workload: str) -> Cost:
    """Return the cost of one ``detect()`` that has everything loaded."""
    name, config = WORKLOADS[workload]
    pixels = read_sample(name)
    cost = Cost()
    async with Human(Config().merge(config)) as human:
        for _ in range(WARM_UPS):
            (await human.detect(pixels)).dispose()
        before = human.engine.scalar(0)
        with counting(cost):
            result = await human.detect(pixels)
        after = human.engine.scalar(0)
        cost.tensors = after.id - before.id - 1
        human.engine.dispose([before, after])
        result.dispose()
    return cost


def report(cost: Cost, top: int) -> Iterator[str]:
    """Yield the lines of the figures, the hops, and the ``top`` functions and files with the most calls."""
    yield from ("| what | count |", "| --- | --- |")
    yield from (f"| {what} | {count:,} |" for what, count in cost.figures.items())
    if not top:
        return
    yield f"\nHops ({len(cost.hops)}), each with its calls and the first function that it was for:\n"
    for hop in cost.hops:
        first = next((call.function for call in hop if place(call.function).split(":")[0] not in WAY), None)
        yield f"{len(hop):6} {first.co_qualname:50} {place(first)}" if first else f"{len(hop):6} (a library's function)"
    functions = Counter((call.thread, call.function) for call in cost.calls)
    yield f"\nFunctions by calls ({len(functions)}), with the callers:\n"
    for (thread, function), count in functions.most_common(top):
        callers = Counter(
            call.caller.co_qualname if call.caller else "?"
            for call in cost.calls
            if (call.thread, call.function) == (thread, function)
        )
        origin = ", ".join(f"{caller} {times}" for caller, times in callers.most_common(3))
        yield f"{count:6} {thread:6} {function.co_qualname:50} {place(function):44} <- {origin}"
    files = Counter(place(call.function).split(":")[0] for call in cost.calls)
    yield f"\nFiles by calls ({len(files)}):\n"
    yield from (f"{count:6} {file}" for file, count in files.most_common())


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("workload", nargs="?", choices=WORKLOADS, default="defaults")
    parser.add_argument("--top", type=int, default=0, metavar="N", help="list the N functions with the most calls")
    parser.add_argument("--json", action="store_true", help="print the figures alone, as JSON")
    options = parser.parse_args()
    cost = asyncio.run(measure(options.workload))
    if options.json:
        print(json.dumps(cost.figures))
    else:
        print("\n".join(report(cost, options.top)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The service under load. Without an argument all of it is measured; the exit code is 1 if a limit is exceeded.

- ``memory``: the memory of all its processes, with every default model and two requests at the same time
- ``load``: requests at 4 times its capacity, from a process of a lower priority: what is refused, and how fast, how
  long accepted requests take, and the memory
- ``flood``: many requests with JPEGs of 12 megapixels, as many at once as there are file descriptors

Memory is the proportional set size (PSS), summed over all processes, of samples every 50 ms.
"""

import argparse
import asyncio
import math
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.max_side import draw
from bench.memory import EVERY_DEFAULT_MODEL, full_hd
from bench.service import Answer, Service, percentile, running, yield_the_cpu
from bench.table import markdown
from bench.workloads import read_sample
from humanrt.config import load_config
from humanrt.config.writing import to_toml
from humanrt.imaging import resize
from humanrt.imaging.encode import encode

SIZES = ((1920, 1080), (1280, 720), (960, 540))
MEMORY_MB, FLOOD_MB = 1000, 1500
ROUNDS = 5
QUEUE, WORKERS, TIMES_CAPACITY = 8, 1, 4
REFUSED_MS, TAIL, RECOVERED_SECONDS = 50, 1.5, 2.0
GROWTH = 1.05
"""How much more memory the second half of the load may take than the first."""
ALONE = 20
REFUSALS = (429, 503, 504)
SPARE_DESCRIPTORS = 64
DETECT = "/v1/detect?form=slim"


class Verdicts:
    """The lines of a table of limits."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str, str]] = []
        self.missed: bool = False

    def add(self, what: str, value: str, limit: str, kept: bool) -> None:
        """Add a line."""
        self.missed |= not kept
        self.lines.append((what, value, limit, "kept" if kept else "missed"))

    def at_most(self, what: str, value: float, limit: float, unit: str) -> None:
        """Add a line of a value that has an upper limit."""
        self.add(what, f"{value:,.0f} {unit}", f"{limit:,.0f} {unit}", value <= limit)

    def print(self) -> None:
        """Print the table."""
        print("\n" + markdown(["what", "measured", "limit", "verdict"], self.lines) + "\n", flush=True)


async def memory(verdicts: Verdicts, rounds: int) -> None:
    """Print the memory and the time by the size of the picture."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "every.toml"
        config.write_text(to_toml(load_config(EVERY_DEFAULT_MODEL)), encoding="utf-8")
        for width, height in SIZES:
            picture, _ = resize(full_hd(), width, height)
            body = encode(picture, ".jpeg", 90)
            async with running("--config", str(config)) as service:
                idle = service.pss()
                alone = [await service.post(DETECT, body) for _ in range(rounds)]
                two = [await asyncio.gather(*(service.post(DETECT, body) for _ in range(2))) for _ in range(rounds)]
                failed = [
                    each.status for each in (*alone, *(each for pair in two for each in pair)) if each.status != 200
                ]
            name, peak = f"{width} x {height}", service.peak / 1e6
            pairs = [max(each.seconds for each in pair) for pair in two]
            lines.append((name, _ms(_median(alone)), _ms(statistics.median(pairs)), f"{idle / 1e6:.0f}", f"{peak:.0f}"))
            verdicts.add(f"requests of {name} without an answer", str(len(failed)), "0", not failed)
            verdicts.at_most(f"memory, two requests of {name}", peak, MEMORY_MB, "MB")
    print(
        "\n" + markdown(["picture", "one request", "two at once, both", "PSS, ready, MB", "PSS, peak, MB"], lines),
        flush=True,
    )


async def load(verdicts: Verdicts, seconds: float) -> None:
    """Send requests at 4 times the capacity for some time."""
    picture, _ = resize(read_sample("human_face"), 640, 640)
    body = encode(picture, ".jpeg", 90)
    async with running("--queue", str(QUEUE), "--workers", str(WORKERS)) as service:
        yield_the_cpu()
        await _alone(service, body)  # what the first requests allocate
        before = await _alone(service, body)
        rate = TIMES_CAPACITY * WORKERS / before
        start, tasks = time.perf_counter(), list[asyncio.Task[Answer]]()
        while (now := time.perf_counter()) < start + seconds:
            tasks.append(asyncio.create_task(service.post(DETECT, body)))
            await asyncio.sleep(max(0.0, start + len(tasks) / rate - now))
        end = time.perf_counter()
        again = await _recovered(service, body, math.inf)
        answers = await asyncio.gather(*tasks)
        emptied = max(answer.start + answer.seconds for answer in (*answers, again) if answer.status == 200)
        back = (await _recovered(service, body, TAIL * before)).start - emptied
        after = await _alone(service, body)
    service_time = statistics.median([before, after])
    statuses = Counter(answer.status for answer in answers)
    accepted = [answer.seconds for answer in answers if answer.status == 200]
    refused = [answer.seconds for answer in answers if answer.status == 429]
    tail = TAIL * (QUEUE + WORKERS) / WORKERS * service_time
    first, second = (_peak(service, *span) for span in ((start, (start + end) / 2), ((start + end) / 2, end)))
    print(
        f"\n{len(answers)} requests in {end - start:.0f} s, one each {1000 / rate:.0f} ms: "
        + ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items()))
        + f". The median of {2 * ALONE} requests without load: {_ms(service_time)}."
    )
    others = len(answers) - len(accepted) - len(refused)
    verdicts.add("answers other than 200 and 429", str(others), "0", not others)
    verdicts.at_most("429, median", 1000 * statistics.median(refused), REFUSED_MS, "ms")
    verdicts.at_most("accepted, 99 % within", 1000 * percentile(accepted, 0.99), 1000 * tail, "ms")
    verdicts.at_most("memory, second half of the load", second / 1e6, GROWTH * first / 1e6, "MB")
    most = 1000 * RECOVERED_SECONDS
    verdicts.at_most("a request is accepted, after the end of the load", 1000 * (again.start - end), most, "ms")
    verdicts.at_most("as fast as before, after the last accepted answer", 1000 * back, most, "ms")


async def flood(verdicts: Verdicts, count: int) -> None:
    """Send many requests with JPEGs of 12 megapixels, as many at once as there are descriptors."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    at_once = min(count, hard - SPARE_DESCRIPTORS)
    body, places = draw(0.45), asyncio.Semaphore(at_once)
    async with running("--queue", str(QUEUE), "--workers", str(WORKERS)) as service:

        async def send() -> Answer:
            async with places:
                return await service.post(DETECT, body)

        start = time.perf_counter()
        answers = await asyncio.gather(*(send() for _ in range(count)))
        seconds = time.perf_counter() - start
        last = await service.post(DETECT, body)
    statuses, causes = Counter(answer.status for answer in answers), Counter(answer.cause for answer in answers)
    print(
        f"\n{count} requests with {len(body) / 1e6:.1f} MB each, {at_once} at once, in {seconds:.0f} s: "
        + ", ".join(f"{number} with {status}" for status, number in sorted(statuses.items()))
        + "."
        + "".join(f" {number} without an answer: {cause}." for cause, number in causes.items() if cause)
    )
    lost = sum(number for status, number in statuses.items() if status not in (200, *REFUSALS))
    verdicts.add("neither answered nor refused", str(lost), "0", not lost)
    verdicts.add("answered", str(statuses[200]), "1 or more", statuses[200] > 0)
    verdicts.add("a request afterwards", str(last.status), "200", last.status == 200)
    verdicts.at_most("memory", service.peak / 1e6, FLOOD_MB, "MB")


async def _alone(service: Service, body: bytes) -> float:
    """Return the median time of requests, one after the other."""
    return _median([await service.post(DETECT, body) for _ in range(ALONE)])


async def _recovered(service: Service, body: bytes, limit: float) -> Answer:
    """Return the first answer with a result that took no longer than so many seconds."""
    while True:
        answer = await service.post(DETECT, body)
        if answer.status == 200 and answer.seconds <= limit:
            return answer
        if answer.status != 200:
            await asyncio.sleep(0.02)


def _median(answers: Sequence[Answer]) -> float:
    if failed := [answer.status for answer in answers if answer.status != 200]:
        raise SystemExit(f"a request without load was answered with {failed[0]}")
    return statistics.median(answer.seconds for answer in answers)


def _peak(service: Service, start: float, end: float) -> int:
    return max(size for at, size in service.samples if start <= at <= end)


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="tools/bench/serve", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=["memory", "load", "flood", []], help="all by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of the table of memory")
    parser.add_argument("--seconds", type=float, default=60, help="of load")
    parser.add_argument("--requests", type=int, default=5000, help="of the flood")
    options = parser.parse_args()
    chosen, verdicts = options.what or ["memory", "load", "flood"], Verdicts()
    if "memory" in chosen:
        asyncio.run(memory(verdicts, options.rounds))
    if "flood" in chosen:
        asyncio.run(flood(verdicts, options.requests))
    if "load" in chosen:
        # The last: this process keeps its lower priority, and so would services that it starts afterwards.
        asyncio.run(load(verdicts, options.seconds))
    verdicts.print()
    return int(verdicts.missed)


if __name__ == "__main__":
    sys.exit(main())

"""``python tools/fuzz``: convert damaged models and decode damaged pictures for a given time, one seed after the other.

``--formats http`` sends the service requests that schemathesis makes of its description, with damaged pictures.

The tests use one seed; this command uses others. With ``--atheris`` the fuzzer of that name (``pip install atheris``)
makes the decisions for TF.js models, guided by the coverage of the code.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

# Run as a folder, this is not a package, and Python searches modules inside it; the package is in its parent folder.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from fuzz.corpus import add_model, write_corpus  # noqa: E402  # needs the line above


def with_seeds(folder: Path, options: argparse.Namespace) -> int:
    """Run one seed after the other until the time is over, and print the failures; return the exit status."""
    from fuzz.runner import ONNX, OUTCOMES, PICTURES, TFJS, run

    if options.formats == "http":
        return with_requests(options)
    workers = {"tfjs": [TFJS], "onnx": [ONNX], "pictures": [PICTURES], "all": [TFJS, ONNX, PICTURES]}[options.formats]
    end, seed, failed = time.monotonic() + options.seconds, options.seed, False
    while time.monotonic() < end:
        for worker in workers:
            report = run(folder, options.cases, seed, worker)
            counts = {what: sum(n for (_, came), n in report.counts.items() if came == what) for what in OUTCOMES}
            counted = {what: count for what, count in counts.items() if count}
            print(f"seed {seed}, {worker[-1]}: {counted}, {len(report.failures)} failed", flush=True)
            for failure in report.failures:
                print(f"seed {seed}, case {failure.case}, {failure.valid}: {failure.what}", flush=True)
            failed = failed or bool(report.failures)
        seed += 1
    return int(failed)


def with_requests(options: argparse.Namespace) -> int:
    """Send the service requests with one seed after the other until the time is over; return the exit status."""
    from fuzz.service import fuzz_service, statuses

    end, number, failed = time.monotonic() + options.seconds, options.seed, False
    while time.monotonic() < end:
        report = asyncio.run(fuzz_service(options.examples, number))
        print(f"seed {number}: {dict(statuses(report))}, {len(report.failures)} failed", flush=True)
        for failure in report.failures:
            print(f"seed {number}, {failure.valid}: {failure.what}", flush=True)
        failed = failed or bool(report.failures)
        number += 1
    return int(failed)


def with_atheris(folder: Path, seconds: float) -> None:
    """Run cases with the decisions of atheris. It ends the process, and writes the data of a failed case to a file."""
    import atheris

    with atheris.instrument_imports(include=["humanrt.tfjs"]):
        from fuzz import worker
    models = worker.load(folder)
    ops = sorted({op for model in models for op in model.ops})
    place = Path(tempfile.mkdtemp(prefix="fuzz-"))

    def one(data: bytes) -> None:
        decisions = atheris.FuzzedDataProvider(data)

        def choose(below: int) -> int:
            return int(decisions.ConsumeIntInRange(0, below - 1))

        outcome = worker.attempt(models[choose(len(models))], ops, choose, place)
        if outcome not in ("converted", "refused"):
            raise RuntimeError(outcome)

    atheris.Setup([sys.argv[0], f"-max_total_time={int(seconds)}", "-rss_limit_mb=1024", "-timeout=5"], one)
    atheris.Fuzz()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python tools/fuzz", description=__doc__)
    parser.add_argument(
        "models", nargs="*", type=Path, metavar="MODEL_JSON", help="an additional model, with one .bin file"
    )
    parser.add_argument("--seconds", type=float, default=600, help="the duration, by default 600")
    parser.add_argument("--seed", type=int, default=0, help="the first seed, by default 0")
    parser.add_argument("--cases", type=int, default=10_000, help="cases for each seed, by default 10000")
    parser.add_argument(
        "--formats",
        choices=("tfjs", "onnx", "pictures", "http", "all"),
        default="all",
        help="what to damage, by default all but http: requests to the service",
    )
    parser.add_argument("--examples", type=int, default=200, help="http: requests to each endpoint, by default 200")
    parser.add_argument("--atheris", action="store_true", help="use atheris, guided by coverage, for TF.js models")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        write_corpus(folder)
        for number, model_json in enumerate(options.models):
            add_model(folder, f"{number}_{model_json.stem}", model_json)
        if options.atheris:
            with_atheris(folder, options.seconds)
        return with_seeds(folder, options)


if __name__ == "__main__":
    sys.exit(main())

"""Throughput of ``humanrt.ray`` on one machine, and the bytes between machines: run by ``tools/bench/ray``."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from bench.table import markdown
from humanrt import HumanSync
from humanrt.ray import HumanStage
from humanrt.zoo import Store, default_cache_dir

WORKERS = (1, 2)
PICTURES = 60
BATCH = 4
MEMORY = 200 * 2**20


def main() -> int:
    """Print the two tables."""
    parser = argparse.ArgumentParser(prog="tools/bench/ray", description=__doc__)
    parser.add_argument("--preset", default="human", help="of the configuration; human by default")
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"of each run; {PICTURES} by default")
    options = parser.parse_args()
    config = {"preset": options.preset, "device": "cpu"}
    path = str(Store(default_cache_dir()).samples()["human_body"])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = import_module("ray")
    data = import_module("ray.data")
    data.DataContext.get_current().enable_progress_bars = False
    data.DataContext.get_current().wait_for_min_actors_s = 300
    alone = _alone(config, path, options.pictures)
    cluster = {"num_cpus": max(WORKERS), "object_store_memory": MEMORY, "include_dashboard": False}
    ray.init(**cluster, log_to_driver=False, logging_level=logging.ERROR)
    try:
        lines = [("`detect_many()`, no Ray", f"{alone:.1f}", "")]
        for workers in WORKERS:
            rate = _rate(data, config, path, options.pictures, workers)
            lines.append((f"{workers} worker{'s' * (workers > 1)}", f"{rate:.1f}", f"{rate / alone:.2f}"))
        print(markdown(["one picture at a time in each worker", "pictures/s", "of the first line"], lines), "\n")
        print(markdown(["between machines, for each picture", "bytes"], _sizes(data, config, path)))
    finally:
        ray.shutdown()
    return 0


def _alone(config: Mapping[str, object], path: str, count: int) -> float:
    """Return the pictures a second of a Human in this process."""
    with HumanSync(config) as human:
        for pictures in ([path] * 4, [path] * count):
            start = time.perf_counter()
            with human.detect_many(pictures, at_once=1) as outcomes:
                for _, outcome in outcomes:
                    human.engine.dispose(outcome)
        return count / (time.perf_counter() - start)


class Timed(HumanStage):
    """Adds the time of the end of each batch."""

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> Any:  # noqa: ANN401
        """Return the rows of a batch, with the columns ``began`` and ``ended``, in seconds."""
        began = time.time()
        table = super().__call__(batch)
        for name, moment in (("began", began), ("ended", time.time())):
            table = table.append_column(name, [[moment] * len(table)])
        return table


def _rate(data: Any, config: Mapping[str, object], path: str, count: int, workers: int) -> float:  # noqa: ANN401
    """Return the pictures a second from the first batch to the last, after the start of the workers."""
    pictures = data.from_items([{"path": path}] * count, override_num_blocks=count // BATCH)
    rows = _mapped(data, pictures, config, workers=workers, stage=Timed)
    times = rows.select_columns(["began", "ended"]).to_pandas()
    return float(count / (times["ended"].max() - times["began"].min()))


def _sizes(data: Any, config: Mapping[str, object], path: str) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return the bytes in and out, in Arrow's form."""
    content = Path(path).read_bytes()
    count = 4 * BATCH
    sets = {
        "in: a path": data.from_items([{"path": path}] * count),
        "in: the encoded picture": data.from_items([{"path": path, "bytes": content}] * count),
    }
    sets["out: rows"] = _mapped(data, sets["in: a path"], config)
    sets["out: rows with embeddings"] = _mapped(data, sets["in: a path"], config, embeddings=True)
    return [(name, f"{each.materialize().size_bytes() / count:,.0f}") for name, each in sets.items()]


def _mapped(
    data: Any,  # noqa: ANN401
    pictures: Any,  # noqa: ANN401
    config: Mapping[str, object],
    *,
    workers: int = 1,
    embeddings: bool = False,
    stage: type[HumanStage] = HumanStage,
) -> Any:  # noqa: ANN401
    return pictures.map_batches(
        stage,
        fn_constructor_args=(config,),
        fn_constructor_kwargs={"embeddings": embeddings},
        compute=data.ActorPoolStrategy(size=workers),
        batch_size=BATCH,
        num_cpus=1,
    )


if __name__ == "__main__":
    sys.exit(main())

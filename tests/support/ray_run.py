"""A run of ``HumanStage`` in a local Ray with two workers, one of which ends with SIGKILL in the middle of a batch.

``ray_run.py FOLDER`` reads ``FOLDER/pictures.json``, a list of paths, and writes ``FOLDER/rows.json``. Each worker
writes its process id for each batch that it begins into ``FOLDER/workers``.
"""

import json
import logging
import os
import signal
import sys
from pathlib import Path

import ray
import ray.data

from humanrt.ray import HumanStage

# Batches begun before one of the workers dies.
BEFORE = 4


class Mortal(HumanStage):
    """Kills its process once: in the fifth batch of all."""

    def __init__(self, folder, config):
        super().__init__(config, key="number")
        self.folder = folder

    def __call__(self, batch):
        with (self.folder / "workers").open("a") as log:
            log.write(f"{os.getpid()}\n")
        table = super().__call__(batch)
        begun = (self.folder / "workers").read_text().split()
        if len(begun) > BEFORE and not (self.folder / "killed").exists():
            (self.folder / "killed").write_text(f"{os.getpid()}")
            os.kill(os.getpid(), signal.SIGKILL)
        return table


def main(folder):
    pictures = json.loads((folder / "pictures.json").read_text())
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.wait_for_min_actors_s = 300  # both workers start before the first batch
    limits = {"num_cpus": 2, "object_store_memory": 100 * 2**20}
    ray.init(**limits, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    try:
        rows = ray.data.from_items(
            [{"path": path, "number": number} for number, path in enumerate(pictures)],
            override_num_blocks=len(pictures),
        ).map_batches(
            Mortal,
            fn_constructor_args=(folder, json.loads((folder / "config.json").read_text())),
            compute=ray.data.ActorPoolStrategy(size=2),
            batch_size=1,
            num_cpus=1,
        )
        (folder / "rows.json").write_text(json.dumps(rows.take_all()))
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

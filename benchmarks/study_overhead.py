"""What a study costs beside its trainings: a sweep of short trials against a plain loop of the same trials.

    python benchmarks/study_overhead.py [--trials 8] [--epochs 8] [--concurrent 2]

Both train, score and draw the same configurations on the demo cohort, one torch thread each, in one run of this script.
Start-up is set aside on both sides: Ray's start, reading the store, and the first import of torch in each process.
Printed are the seconds of both and their ratio, for --concurrent trials at a time and for one at a time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import ray
import torch
from rich.console import Console

from uadray.data.preparation import prepare
from uadray.data.store import Store
from uadray.study.checking import check
from uadray.study.ledger import Ledger, Record
from uadray.study.machine import start_ray
from uadray.study.plan import StudyConfig
from uadray.study.progress import Progress
from uadray.study.quiet import log_to
from uadray.study.searcher import SettledSearch
from uadray.study.tuning import run_trials
from uadray.training.loop import Rank
from uadray.training.worker import Place, Task, work
from uadray.yaml_file import parse

SPACE = """\
study: overhead
cohort: {{kind: phantom}}
prepare: {{canvas: {{kind: resample, size: 64}}}}
budget: {{trials: {trials}, concurrent_trials: {concurrent}}}
sampler: {{kind: random}}
run:
  model:
    kind: vae_gan
    latent: {{choice: [{{kind: dense, dim: {{choice: [64, 256]}}}}, {{kind: spatial, size: {{choice: [8, 16]}}}}]}}
    posterior: {{choice: [{{kind: deterministic}}, {{kind: gaussian}}]}}
  train: {{epochs: {epochs}, seed: {{integer: [0, 1000000]}}}}
"""


class Stopwatch(Progress):
    """A silent progress that remembers when the first trial began."""

    began = 0.0

    def started(self, index: int, run: object) -> None:
        self.began = self.began or time.perf_counter()

    def epoch(self, index: int, epoch: int, loss: float) -> None:
        pass


def sweep_seconds(plan: StudyConfig, folder: Path, store: Store) -> tuple[float, list[Record]]:
    """Wall time from the first trial's start to the end of the last, through Ray Tune."""
    searcher = SettledSearch(plan, Ledger(folder), folder / "optuna.db")
    watch = Stopwatch(plan, folder, Console(quiet=True))
    run_trials(plan, store, folder / "trainings", searcher, watch, lambda record: None)
    return time.perf_counter() - watch.began, list(searcher.ledger.records())


def loop_seconds(records: list[Record], folder: Path, store: Store) -> float:
    """Wall time of the same trials, one after the other in this process."""
    splits = {"train": ("train", "healthy"), "val_healthy": ("val", "healthy"), "val_lesion": ("val", "lesion")}
    slices = {name: store.read(*split) for name, split in splits.items()}  # type: ignore[arg-type]
    place = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    start = time.perf_counter()
    for record in records:
        trial, trainings = str(folder / f"{record.index:04d}"), str(folder / "trainings")
        work(Task(record.index, record.run.plain(), store.size, trial, {}, trainings, store.key, {}), place)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--concurrent", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plans = {
            at_once: check(
                parse(SPACE.format(trials=options.trials, epochs=options.epochs, concurrent=at_once), "space")
            )
            for at_once in {1, options.concurrent}
        }
        plan = plans[options.concurrent]
        store = prepare(plan.cohort.subjects(folder), plan.prepare, folder / "stores", lambda *_: None)
        log_to(folder / "log.txt")
        start_ray(plan)
        results: dict[str, float] = {}
        for at_once, each in plans.items():
            place = folder / f"sweep{at_once}"
            place.mkdir()
            results[f"sweep, {at_once} at a time"], records = sweep_seconds(each, place, store)
        ray.shutdown()
        results["plain loop"] = loop_seconds(records, folder / "loop", store)
    for label, seconds in results.items():
        print(f"{label:24} {seconds:7.1f} s   {seconds / results['plain loop']:.2f} x the plain loop")
    print(json.dumps({"trials": options.trials, "epochs": options.epochs, "threads": 1}))


if __name__ == "__main__":
    main()

"""Whole studies on the embedded demo cohort, and what is seen of them: what the benchmarks of studies share."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
import torch
import typer
from rich.console import Console

from uadray.conduct import Study, opened
from uadray.config import RunConfig
from uadray.console import OUT
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.machine import Own
from uadray.study.reading.checking import check
from uadray.study.screen.progress import Progress
from uadray.training.loop import Rank
from uadray.training.task import Place, Task
from uadray.training.worker import work
from uadray.yaml_file import parse

MODEL = {
    "kind": "vae_gan",
    "latent": {"kind": "spatial", "size": 16, "channels": 64},
    "posterior": {"kind": "gaussian"},
}
TOY_MODEL = {"kind": "vae_gan", "backbone": {"base_width": 4, "max_width": 8}, "latent": {"kind": "dense", "dim": 8}}
TOY = {
    "cohort": {"kind": "phantom", "healthy": 8, "lesion": 4, "spacing_mm": 4},
    "prepare": {"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "resample", "size": 32}},
}
Results = dict[str, Any]


class Watch(Progress):
    """A silent progress that remembers when trials began and ended, and this process's memory then."""

    def __init__(self, plan: StudyConfig, folder: Path) -> None:
        super().__init__(plan, folder, Console(quiet=True))
        self.began: dict[int, float] = {}
        self.ended: dict[int, float] = {}
        self.resident: list[float] = []  # MB, by finished trial
        self.used: list[float] = []  # CPU seconds of this process and of all it started, by finished trial

    def started(self, index: int, run: RunConfig) -> None:
        self.began.setdefault(index, time.perf_counter())
        super().started(index, run)

    def finished(self, record: Record) -> None:
        super().finished(record)
        self.ended[record.index] = time.perf_counter()
        self.used.append(cpu_seconds())
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.resident.append(pages * 4096 / 1e6)

    @property
    def seconds(self) -> float:
        """From the first trial's begin to the last one's end."""
        return max(self.ended.values()) - min(self.began.values())


def cpu_seconds() -> float:
    """Of this process and of all that live below it: Ray's own, and the trials'."""
    total, stats, tick = 0.0, {}, os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            stats[int(path.parent.name)] = (
                int(fields[1]),
                (int(fields[11]) + int(fields[12])) / tick,
            )
    for pid, (parent, seconds) in stats.items():
        while pid != os.getpid() and parent in stats:
            pid, parent = parent, stats[parent][0]
        total += seconds if pid == os.getpid() else 0
    return total


@dataclass(frozen=True)
class Searched:
    """A study that was searched, and how that went."""

    study: Study
    watch: Watch
    records: tuple[Record, ...]
    seconds: float
    """With the start of Ray and of the trials' processes."""


def plan_of(name: str, run: Results, trials: int, **more: Any) -> StudyConfig:
    """A study of every point of a run's space, at 64 x 64 and one trial at a time unless `more` says otherwise."""
    tree = {
        "study": name,
        "cohort": {"kind": "phantom"},
        "prepare": {"canvas": {"kind": "resample", "size": 64}},
        "sampler": {"kind": "grid"},
        **more,
        "budget": {"trials": trials, "concurrent_trials": 1, **more.get("budget", {})},
        "run": run,
    }
    return check(parse(json.dumps(tree), name))


def seeded(trials: int, epochs: int) -> Results:
    """The space of as many equal trainings."""
    return {"model": MODEL, "train": {"epochs": epochs, "seed": {"integer": [0, trials - 1]}}}


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for studies, which leave the screen alone; Ray ends with it."""
    OUT.quiet = True
    with TemporaryDirectory(prefix="uadray-study-") as folder:
        try:
            yield Path(folder)
        finally:
            ray.shutdown()


def search(plan: StudyConfig, place: Path) -> Searched:
    """Search the plan's space; no weights of another study in the folder are found again."""
    shutil.rmtree(place / "trainings", ignore_errors=True)
    with opened(plan, place) as study:
        watch = Watch(plan, study.ledger.folder)
        study = replace(study, progress=watch)
        started = time.perf_counter()
        Own().start(plan)
        study.search()
        return Searched(study, watch, tuple(study.ledger.records()), time.perf_counter() - started)


def loop_seconds(searched: Searched, place: Path) -> float:
    """Wall time of the same trials, one after the other in this process, weights and scores made anew."""
    store, folder = searched.study.store, place / "loop"
    splits = {"train": ("train", "healthy"), "val_healthy": ("val", "healthy"), "val_lesion": ("val", "lesion")}
    slices = {name: store.read(*split) for name, split in splits.items()}  # type: ignore[arg-type]
    here = Place(torch.device("cpu"), Rank(), lambda module: module, slices.__getitem__, lambda row: None)
    records, painting = searched.records, searched.study.plan.painting.plain()
    started = time.perf_counter()
    for record in records:
        own, shared = str(folder / f"{record.index:04d}"), str(folder / "trainings")
        work(Task(record.index, record.run.plain(), store.size, own, {}, shared, store.key, painting), here)
    return time.perf_counter() - started


def tell(part: str, promise: str, kept: bool, said: str, **results: Any) -> None:
    """Print a part's line and its JSON; end with 1 where the promise does not hold."""
    print(f"{part:12} {'holds' if kept else 'BROKEN':7} {promise}: {said}")
    print(json.dumps({"part": part, "promise": promise, "holds": kept, **results}), flush=True)
    raise typer.Exit(0 if kept else 1)

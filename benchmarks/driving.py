"""What the driver of a study spends, noted while the study runs; and trials that wait instead of working."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from uadray.config import RunConfig
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.screen.progress import Progress


class Driver(Progress):
    """A silent progress that remembers what this process had used when trials began, reported and ended."""

    def __init__(self, plan: StudyConfig, folder: Path) -> None:
        super().__init__(plan, folder, Console(quiet=True))
        self.began: dict[int, float] = {}
        self.ended: list[float] = []  # wall, by finished trial
        self.used: list[float] = []  # CPU seconds of this process alone, likewise
        self.resident: list[float] = []  # MB
        self.reports: list[float] = []  # CPU seconds of this process, by reported epoch

    def started(self, index: int, run: RunConfig) -> None:
        self.began.setdefault(index, time.perf_counter())
        super().started(index, run)

    def epoch(self, index: int, epoch: int, loss: float) -> None:
        super().epoch(index, epoch, loss)
        self.reports.append(time.process_time())

    def finished(self, record: Record) -> None:
        super().finished(record)
        self.ended.append(time.perf_counter())
        self.used.append(time.process_time())
        self.resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6)


class Holding(Driver):
    """Keeps every trial from working until some seconds after its start, by the lock that a trial takes first."""

    def __init__(self, plan: StudyConfig, folder: Path, seconds: float) -> None:
        super().__init__(plan, folder)
        self._seconds = seconds
        self._locks = ExitStack()
        self._held = {}
        for index in range(plan.trainings):
            trial = Ledger(folder).trial(index)
            trial.mkdir(parents=True)
            lock = self._locks.enter_context((trial / ".lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._held[index] = lock

    def started(self, index: int, run: RunConfig) -> None:
        super().started(index, run)
        threading.Timer(self._seconds, fcntl.flock, (self._held[index], fcntl.LOCK_UN)).start()


def mean_step(values: Sequence[float]) -> float:
    """The mean of what each adds to the one before it."""
    return (values[-1] - values[0]) / (len(values) - 1)

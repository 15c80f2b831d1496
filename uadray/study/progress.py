"""What a person sees while a study runs: a live table in a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from uadray.config import RunConfig
from uadray.study.ledger import Record
from uadray.study.plan import StudyConfig

COLOURS = {"running": "cyan", "completed": "green", "stopped": "yellow", "diverged": "red", "failed": "red"}


@dataclass(frozen=True)
class Row:
    """One trial as the table shows it."""

    label: str
    epochs: int
    epoch: int = 0
    loss: float | None = None
    status: str = "running"
    record: Record | None = None


class Progress:
    """The state of a study's trials, drawn on a console; used as a context manager around the search."""

    def __init__(self, plan: StudyConfig, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._console = console
        self._clock = clock
        self._started = clock()
        self._first = math.inf  # when the first trial began
        self._rows: dict[int, Row] = {}
        self._tested = ""
        self._found = 0.0  # work that was finished before this start, in trials
        self._live = Live(self, console=console, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        if self._console.is_terminal:
            self._console.print(self._table(len(self._rows)))

    def known(self, record: Record) -> None:
        """A trial that an earlier start of the study finished."""
        self._rows[record.index] = _finished(record)
        self._found += 1

    def started(self, index: int, run: RunConfig) -> None:
        """A trial begins, or begins again after its process died."""
        self._first = min(self._first, self._clock())
        self._rows[index] = Row(run.describe(), run.train.epochs)
        self._say(f"trial {index} starts: {run.describe()}")

    def epoch(self, index: int, epoch: int, loss: float) -> None:
        """A trial finished an epoch with this healthy validation l1."""
        self._rows[index] = replace(self._rows[index], epoch=epoch, loss=loss)

    def finished(self, record: Record) -> None:
        """A trial is settled."""
        self._rows[record.index] = row = _finished(record)
        scores = "".join(f", {name} {value:.3f}" for name, value in _scores(record).items())
        self._say(f"trial {record.index} {row.status} after {row.epoch} epochs{scores} {record.reason}".rstrip())
        self._say(self._state())

    def tested(self, done: int, of_all: int) -> None:
        """A trial beside the winner was scored on the test patients."""
        self._tested = f", {done} of {of_all} tested"
        self._say(f"{done} of {of_all} other trials tested")

    def __rich__(self) -> RenderableType:
        return Group(self._table(max(4, self._console.height - 7)), Text(self._state(), style="bold"))

    def eta_seconds(self) -> float | None:
        """Time left if the rest goes as what was done since the start; None before there is anything to judge by."""
        done = sum(1.0 if row.record else row.epoch / row.epochs for row in list(self._rows.values()))
        left, fresh = self._plan.budget.trials - done, done - self._found
        return (self._clock() - self._first) * left / fresh if fresh > 0 else None

    def _state(self) -> str:
        settled = sum(row.record is not None for row in list(self._rows.values()))
        elapsed, eta = self._clock() - self._started, self.eta_seconds()
        left = f", about {_duration(eta)} left" if eta else ""
        done = f"{settled} of {self._plan.budget.trials} trials done"
        return f"{done}, {_duration(elapsed)} passed{left}{self._tested}"

    def _table(self, height: int) -> Table:
        metric = self._plan.winner[0]
        table = Table(title=f"study {self._plan.study}, {metric} decides", title_justify="left", expand=False)
        shown = [name for row in dict(self._rows).values() if row.record for name in _scores(row.record)]
        names = list(dict.fromkeys(shown)) or ["val AUPRC", "val Dice"]
        for column in ("trial", "model", "epoch", "val l1", *names, "status"):
            table.add_column(column, justify="left" if column in ("model", "status") else "right", no_wrap=True)
        for index, row in sorted(dict(self._rows).items())[-height:]:
            scores = _scores(row.record) if row.record else {}
            table.add_row(
                str(index),
                row.label,
                f"{row.epoch}/{row.epochs}",
                "" if row.loss is None else f"{row.loss:.4f}",
                *(f"{scores[name]:.3f}" if name in scores else "" for name in names),
                Text(row.status, style=COLOURS[row.status]),
            )
        return table

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line, highlight=False, soft_wrap=True)


def _scores(record: Record) -> dict[str, float]:
    """Of the validation patients; of painted lesions where no patient is labelled."""
    if record.val is not None:
        return {"val AUPRC": record.val.auprc, "val Dice": record.val.dice_mean}
    if record.synthetic:
        return {"painted AUPRC": record.synthetic["auprc"], "painted Dice": record.synthetic["dice_mean"]}
    return {}


def _finished(record: Record) -> Row:
    loss = record.losses[-1] if record.curve else None
    return Row(record.run.describe(), record.run.train.epochs, len(record.curve), loss, record.status, record)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

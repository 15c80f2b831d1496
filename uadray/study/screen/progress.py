"""What a person sees while a study runs: a live table in a terminal, plain lines elsewhere; and a file of the same."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from uadray.config import RunConfig
from uadray.files import write_text
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.screen.board import LIVE, Board, Row
from uadray.study.screen.duration import duration
from uadray.study.screen.leading import Leading

TRAINING = 0.9  # share of a trial that its epochs are taken for; the rest is its scoring
EVERY_S = 1.0  # at most so often the file is written between the ends of trials
REST = 20  # times as long as writing took, nothing is written: the file grows with the study
SAID = {"val/auprc": "val AUPRC", "val/dice_mean": "Dice"}
SAID_PAINTED = {"val/synthetic_auprc": "painted AUPRC", "val/synthetic_dice": "painted Dice"}


class Progress:
    """The state of a study's trials, drawn on a console and written into the study's folder.

    Used as a context manager around the search.
    """

    def __init__(
        self, plan: StudyConfig, folder: Path, console: Console, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._plan = plan
        self._path = folder / LIVE
        self._console = console
        self._clock = clock
        self._started = clock()
        self._written = -math.inf
        self._took = 0.0  # to write the file
        self._first = math.inf  # when the first trial began
        self._rows: dict[int, Row] = {}
        self._leading = Leading(plan)
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
        if self._first < math.inf or not self._path.is_file():  # of a study that is only told again the file stays
            self._write()
        if self._console.is_terminal:
            self._console.print(self.board().table())

    def known(self, record: Record) -> None:
        """A trial that an earlier start of the study finished."""
        self._rows[record.index] = _finished(record)
        self._leading.add(record)
        self._found += 1

    def started(self, index: int, run: RunConfig) -> None:
        """A trial begins, or begins again after its process died."""
        self._first = min(self._first, self._clock())
        self._rows[index] = Row(run.describe(), run.train.last_epoch)
        self._say(f"trial {index} starts: {run.describe()}")
        self._write_now_and_then()

    def epoch(self, index: int, epoch: int, loss: float) -> None:
        """A trial finished an epoch with this healthy validation l1."""
        self._rows[index] = replace(self._rows[index], epoch=epoch, loss=loss)
        self._write_now_and_then()

    def finished(self, record: Record) -> None:
        """A trial is settled."""
        self._rows[record.index] = row = _finished(record)
        self._leading.add(record)
        said = SAID if "val/auprc" in row.metrics else SAID_PAINTED
        scores = "".join(f", {word} {row.metrics[name]:.3f}" for name, word in said.items() if name in row.metrics)
        self._say(f"trial {record.index} {row.status} after {row.epoch} epochs{scores} {record.reason}".rstrip())
        self._say(self.board().state)
        self._write_after(0.0)

    def tested(self, done: int, of_all: int) -> None:
        """A trial beside the winner was scored on the test patients."""
        self._tested = f", {done} of {of_all} tested"
        self._say(f"{done} of {of_all} other trials tested")
        self._write_now_and_then()

    def board(self) -> Board:
        """The study now."""
        metric, mode = self._plan.winner
        eta = self.eta_seconds()
        return Board(
            study=self._plan.study,
            metric=metric,
            mode=mode,
            trials=self._plan.trainings,
            rows=dict(self._rows),
            passed=duration(self._clock() - self._started),
            left=duration(eta) if eta else "",
            note=self._tested,
            best=self._leading.trial,
        )

    def __rich__(self) -> RenderableType:
        board = self.board()
        return Group(board.table(max(4, self._console.height - 10)), Text(board.state, style="bold"))

    def eta_seconds(self) -> float | None:
        """Time left if the rest goes as what was done since the start; None before there is anything to judge by."""
        rows = list(self._rows.values())
        done = sum(TRAINING * row.epoch / row.epochs if row.status == "running" else 1.0 for row in rows)
        left, fresh = self._plan.trainings - done, done - self._found
        return (self._clock() - self._first) * left / fresh if fresh > 0 else None

    def _write_now_and_then(self) -> None:
        self._write_after(EVERY_S)

    def _write_after(self, seconds: float) -> None:
        if self._clock() - self._written >= max(seconds, REST * self._took):
            self._write()

    def _write(self) -> None:
        began = self._clock()
        write_text(self._path, json.dumps(self.board().plain(), allow_nan=False))  # in one line ten times as quick
        self._written = self._clock()
        self._took = self._written - began

    def _say(self, line: str) -> None:
        if not self._console.is_terminal:
            self._console.print(line, highlight=False, soft_wrap=True)


def _finished(record: Record) -> Row:
    loss = record.losses[-1] if record.curve else None
    return Row(
        label=record.run.describe(),
        epochs=record.run.train.last_epoch,
        epoch=len(record.curve),
        loss=loss,
        status=record.status,
        metrics=record.metrics,
        reason=record.reason,
    )

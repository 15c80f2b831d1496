"""A study as a person sees it, here and from another terminal: a row a trial, the best, what failed, how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from uadray.study.screen.tables import table

LIVE = "live.json"  # in a study's folder: the board as it was last written
COLOURS = {"running": "cyan", "completed": "green", "stopped": "yellow", "diverged": "red", "failed": "red"}
LOST = ("diverged", "failed")
SCORES = {  # shown where a trial has them, the first two of them
    "val/auprc": "val AUPRC",
    "val/dice_mean": "val Dice",
    "val/synthetic_auprc": "painted AUPRC",
    "val/synthetic_dice": "painted Dice",
}


@dataclass(frozen=True)
class Row:
    """One trial."""

    label: str
    epochs: int
    epoch: int = 0
    loss: float | None = None
    status: str = "running"
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Board:
    """A study at one moment."""

    study: str
    metric: str
    mode: str
    trials: int
    rows: Mapping[int, Row]
    passed: str
    """How long it has been running."""
    left: str
    """About how long it still will; "" before there is anything to judge by."""
    note: str = ""
    best: int | None = None
    """The trial that would be selected now; None while there is none, and of an older board, which does not say."""

    @property
    def settled(self) -> int:
        """Trials that have ended."""
        return sum(row.status != "running" for row in self.rows.values())

    @property
    def state(self) -> str:
        """Where the study is, in a line."""
        left = f", about {self.left} left" if self.left else ""
        return f"{self.settled} of {self.trials} trials done, {self.passed} passed{left}{self.note}"

    def plain(self) -> dict[str, Any]:
        """As JSON values; `Board.parse` is the inverse."""
        return {**vars(self), "rows": {index: vars(row) for index, row in self.rows.items()}}

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> Board:
        rows = {int(index): Row(**row) for index, row in plain["rows"].items()}
        return cls(**{**plain, "rows": rows})

    def table(self, height: int | None = None) -> RenderableType:
        """The newest trials, as many as fit into a height, the leading one in bold, and why trials were lost."""
        columns = self._columns()
        names = ("trial", "model", "epoch", "val l1", *(SCORES.get(name, name) for name in columns), "status")
        shown = table(f"study {self.study}, {self.metric} decides", names, words=("model", "status"))
        rows = sorted(self.rows.items())
        for index, row in rows[-height:] if height else rows:
            shown.add_row(
                str(index),
                row.label,
                f"{row.epoch}/{row.epochs}",
                "" if row.loss is None else f"{row.loss:.4f}",
                *(_number(name, row.metrics.get(name)) for name in columns),
                Text(_doing(row), style=COLOURS[row.status]),
                style="bold" if index == self.best else None,
            )
        lost = [f"trial {index} {row.status}: {row.reason}" for index, row in rows if row.status in LOST]
        return Group(shown, *(Text(line, style="red") for line in lost[-3:]))

    def _columns(self) -> list[str]:
        """The objective, but for the loss, which has its column; and two scores that trials have."""
        found = {name for row in self.rows.values() for name in row.metrics}
        scores = [name for name in SCORES if name in found][:2] or list(SCORES)[:2]
        own = [self.metric] if self.metric != "val/l1" else []
        return list(dict.fromkeys([*own, *scores]))


def _doing(row: Row) -> str:
    """The status; of a running trial whose epochs are made, that it is scored."""
    return "scoring" if row.status == "running" and row.epoch == row.epochs else row.status


def _number(name: str, value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if name in SCORES else f"{value:.4g}"

"""What a search keeps of the configurations that are settled: what budgets and limits ask of them, and no more.

Each is read once, however many are drawn after it.
"""

from __future__ import annotations

import math

from uadray.config import RunConfig
from uadray.study.configurations import Configuration
from uadray.study.design.plan import StudyConfig
from uadray.study.design.stopping import Losses, Settled
from uadray.study.ledger import Record
from uadray.study.objectives import merit


class Past:
    """Configurations 0 to `known` - 1, all of them settled."""

    def __init__(self, plan: StudyConfig) -> None:
        self._plan = plan
        self.known = 0
        self.failed = 0
        """Trainings that failed."""
        self.seconds = 0.0
        """What their trainings took, without what was reused."""
        self.merits: list[float] = []
        """The first objective, more is better; -inf for one that cannot win."""
        self.losses: list[Settled] = []
        """By training, in their order."""

    def add(self, settled: Configuration) -> None:
        """Keep what is asked of the next one."""
        metric, mode = self._plan.winner
        candidate = settled.has(metric) and settled.feasible(self._plan.constraints)
        self.merits.append(merit(settled.mean(metric), mode) if candidate else -math.inf)
        for record in settled.trainings:
            self.failed += record.status == "failed"
            self.seconds += record.seconds - record.seconds_reused
            self.losses.append((settled.number, _judged_losses(record)))
        self.known += 1


def judged(run: RunConfig, epoch: int) -> bool:
    """Whether the loss after an epoch is one of a model whose reconstruction has begun to learn."""
    return run.model.judged_from <= (epoch - 1) / run.train.epochs


def _judged_losses(record: Record) -> Losses:
    return {epoch: loss for epoch, loss in enumerate(record.losses, start=1) if judged(record.run, epoch)}

"""What a study may spend, and whether it has: each limit ends the search with words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from uadray.section import Section


@dataclass(frozen=True)
class Spending:
    """What a study has spent when another configuration is to be drawn."""

    failed: int = 0
    """Trials that failed, of those that are settled."""

    hours: float = 0.0
    """Wall time, all starts of the study together."""

    gpu_hours: float = 0.0
    """Hours that settled trials trained, times the GPUs that each held."""

    merits: Sequence[float] = field(default=())
    """The first objective of each settled configuration, more is better; -inf for one that cannot win."""


class PlateauConfig(Section):
    """The search ends when it finds nothing better."""

    trials: int = Field(20, ge=1)
    """So many settled configurations in a row must have brought no gain of the first objective."""

    least_gain: float = Field(0.0, ge=0)
    """A gain up to this, in the objective's units, counts as none."""

    def reached(self, merits: Sequence[float]) -> bool:
        """Whether the last ones have gained nothing on the best before them; never before one could win.

        >>> PlateauConfig(trials=2, least_gain=0.01).reached([0.5, 0.505, 0.2])
        True
        >>> PlateauConfig(trials=2).reached([0.5, 0.505, 0.2])
        False
        """
        before, last = merits[: -self.trials], merits[-self.trials :]
        best = max(before, default=float("-inf"))
        return best > float("-inf") and max(last) <= best + self.least_gain


class BudgetConfig(Section):
    """How much a study may spend; what is reached first ends it."""

    trials: int = Field(12, ge=1)
    """Configurations to try; each is trained `repeats` times."""

    hours: float = Field(24.0, gt=0)
    """Wall time after which no configuration is started any more. All starts of a study count, up to the last epoch
    that each saw end; the time between them does not."""

    gpu_hours: float | None = Field(None, gt=0)
    """Training time of settled trials, times the GPUs that each holds, after which no configuration is started."""

    concurrent_trials: int = Field(2, ge=1)
    """Trials that run at the same time."""

    max_failed_trials: int = Field(3, ge=0)
    """More failed trials than this end the study."""

    plateau: PlateauConfig | None = None
    """When a search that finds nothing better ends; without it, it goes on."""

    def exceeded(self, spending: Spending) -> str:
        """What of the budget is spent, in words; "" while there is some left."""
        if spending.failed > self.max_failed_trials:
            return f"{spending.failed} trials failed, more than max_failed_trials = {self.max_failed_trials}"
        if self.plateau is not None and self.plateau.reached(spending.merits):
            gain = f"more than {self.plateau.least_gain:g}" if self.plateau.least_gain else "anything"
            return f"the last {self.plateau.trials} configurations did not gain {gain}"
        if spending.hours > self.hours:
            return f"the {self.hours:g} hours of its budget are over"
        if self.gpu_hours is not None and spending.gpu_hours >= self.gpu_hours:
            return f"the {self.gpu_hours:g} GPU hours of its budget are used"
        return ""

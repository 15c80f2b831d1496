"""What a study is: its scans, its search, its budget."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from uadray.data.cohorts import CohortConfig
from uadray.data.preparation import PrepareConfig
from uadray.models.zoo import ZOO
from uadray.scoring.synthetic import SyntheticConfig
from uadray.section import Section
from uadray.study.sampling import SamplerConfig, TpeConfig
from uadray.study.search_space import SearchSpace, Values
from uadray.study.stopping import NeverConfig, SchedulerConfig
from uadray.study.tested import TestedConfig, WinnerConfig
from uadray.training.resources import ResourcesConfig

Metric = Literal[
    "val/auprc", "val/dice_mean", "val/l1", "val/seconds_per_slice", "val/synthetic_auprc", "val/synthetic_dice"
]


class BudgetConfig(Section):
    """How much a study may spend; what is reached first ends it."""

    trials: int = Field(12, ge=1)
    """Configurations to try."""

    hours: float = Field(24.0, gt=0)
    """Wall time after which no trial is started any more."""

    concurrent_trials: int = Field(2, ge=1)
    """Trials that run at the same time."""

    max_failed_trials: int = Field(3, ge=0)
    """More failed trials than this end the study."""


class StudyConfig(Section):
    """What to search, on which scans, how and for how long."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    """Name of the study, of its folder and of its MLflow experiment."""

    cohort: CohortConfig
    """The scans."""

    prepare: PrepareConfig = PrepareConfig()
    """From scans to slices."""

    objectives: dict[Metric, Literal["min", "max"]] = Field({"val/auprc": "max"}, min_length=1)
    """What the search improves; the first one picks the winner."""

    budget: BudgetConfig = BudgetConfig()
    """How much it may spend."""

    sampler: SamplerConfig = TpeConfig()
    """How configurations are drawn."""

    scheduler: SchedulerConfig = NeverConfig()
    """When a trial is stopped early."""

    resources: ResourcesConfig = ResourcesConfig()
    """What one trial may use."""

    enqueue: tuple[str, ...] = ()
    """Rows of the zoo to try first."""

    painting: SyntheticConfig = SyntheticConfig()
    """Lesions that are painted on healthy validation slices, for objectives that need no label."""

    tested: TestedConfig = WinnerConfig()
    """Who is scored on the test patients in the end."""

    run: dict[str, Any]
    """A RunConfig in which some values are distributions."""

    @property
    def space(self) -> SearchSpace:
        return SearchSpace(self.run)

    @property
    def winner(self) -> tuple[Metric, Literal["min", "max"]]:
        """The objective that picks the winner, and its direction."""
        return next(iter(self.objectives.items()))

    def enqueued(self) -> list[Values]:
        """The drawn values of the trials that are not left to draws: rows of the zoo, then those of the sampler."""
        rows = [values for name in self.enqueue if (values := self.point(name))]
        points = self.sampler.enqueued(self.space)
        if not points:
            return rows
        return sorted(points, key=lambda point: not any(row.items() <= point.items() for row in rows))  # rows first

    def point(self, name: str) -> Values | None:
        """The drawn values that make a row of the zoo; None or {} where the space does not lead to it."""
        return self.space.locate({"model": ZOO[name].plain()}, {row: config.plain() for row, config in ZOO.items()})

"""What a study is: its scans, its search, its budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from uadray.data.cohorts import CohortConfig
from uadray.data.preparation import PrepareConfig
from uadray.models.zoo import ZOO
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import SyntheticConfig
from uadray.section import Section
from uadray.study.design.budget import BudgetConfig
from uadray.study.design.sampling import SamplerConfig, TpeConfig
from uadray.study.design.stopping import NeverConfig, SchedulerConfig
from uadray.study.design.tested import TestedConfig, WinnerConfig
from uadray.study.design.warm_start import WarmStartConfig
from uadray.study.objectives import BoundConfig, Metric, Mode
from uadray.study.space.search_space import SearchSpace, Values
from uadray.training.resources import ResourcesConfig


class StudyConfig(Section):
    """What to search, on which scans, how and for how long."""

    study: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    """Name of the study, of its folder and of its MLflow experiment."""

    cohort: CohortConfig
    """The scans."""

    prepare: PrepareConfig = PrepareConfig()
    """From scans to slices."""

    objectives: dict[Metric, Mode] = Field({"val/auprc": "max"}, min_length=1)
    """What the search improves; the first one picks the winner."""

    constraints: dict[Metric, BoundConfig] = Field(default={})
    """What a configuration must keep to be chosen; samplers that know constraints look for such ones."""

    budget: BudgetConfig = BudgetConfig()
    """How much it may spend."""

    repeats: int = Field(1, ge=1, le=100)
    """Trainings of each configuration, with `train.seed`, `train.seed` + 1, ...; each is a trial of its own. The
    sampler learns from their mean, and the winner is chosen by it. A search over `train.seed` is better left to
    this."""

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

    warm_start: WarmStartConfig | None = None
    """An earlier study to start from."""

    tested: TestedConfig = WinnerConfig()
    """Who is scored on the test patients in the end."""

    baseline: tuple[ScoringConfig, ...] = ()
    """Scorings that the intensity baseline may choose among besides those of the trials. Where trials have few, as
    those that are trained again have, it would else be weaker than in the study before."""

    run: dict[str, Any]
    """A RunConfig in which some values are distributions."""

    @property
    def space(self) -> SearchSpace:
        return SearchSpace(self.run)

    @property
    def winner(self) -> tuple[Metric, Mode]:
        """The objective that picks the winner, and its direction."""
        return next(iter(self.objectives.items()))

    @property
    def trainings(self) -> int:
        """Trials of the whole budget: every configuration as often as it is repeated."""
        return self.budget.trials * self.repeats

    def enqueued(self, found: Sequence[Values] = ()) -> list[Values]:
        """The drawn values of the configurations that are not left to draws.

        Rows of the zoo, then what another study found, then those of the sampler.
        """
        rows = [*(values for name in self.enqueue if (values := self.point(name))), *found]
        points = self.sampler.enqueued(self.space)
        if not points:
            return rows
        return sorted(points, key=lambda point: not any(row.items() <= point.items() for row in rows))  # rows first

    def point(self, name: str) -> Values | None:
        """The drawn values that make a row of the zoo; None or {} where the space does not lead to it."""
        return self.locate({"model": ZOO[name].plain()})

    def locate(self, tree: Any) -> Values | None:
        """The drawn values at which the space is like a configuration tree; None where it is nowhere."""
        return self.space.locate(tree, {row: config.plain() for row, config in ZOO.items()})

    @field_validator("resources")
    @classmethod
    def _gpu_hours_need_gpus(cls, resources: ResourcesConfig, info: ValidationInfo) -> ResourcesConfig:
        """A budget that is never used ends nothing."""
        budget: BudgetConfig | None = info.data.get("budget")  # none where it has errors of its own
        if budget is not None and budget.gpu_hours is not None and not resources.gpus_per_worker:
            raise ValueError("must have gpus_per_worker above 0 where budget.gpu_hours counts them")
        return resources

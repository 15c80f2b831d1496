"""A search space without a choice: one configuration to train."""

from __future__ import annotations

from uadray.errors import ConfigError, Problem
from uadray.study.design.plan import StudyConfig


def one_run(plan: StudyConfig) -> StudyConfig:
    """The plan with a budget of one trial; raises ConfigError (UAD-219) where its space has several points."""
    points = plan.space.points()
    if points is None or len(points) > 1:
        got = "a range" if points is None else f"{len(points)} configurations"
        do = "Choose one, or search with python -m uadray.sweep."
        raise ConfigError(Problem("UAD-219", f"{plan.study} run", "must be one configuration", got, do))
    budget = plan.budget.model_copy(update={"trials": 1, "concurrent_trials": 1})
    return plan.model_copy(update={"budget": budget, "enqueue": ()})

"""NSGA-II whose children do not depend on which of them is drawn first."""

from __future__ import annotations

import optuna
from optuna.trial import FrozenTrial


class RepeatableNsgaii(optuna.samplers.NSGAIISampler):
    """Optuna's, with a generation's parents in the order of their trials.

    Optuna gives them to the first child in the order of their selection, and to the others, from its cache, in the
    order of their trials: a first child whose draw a kill cut in two would have other parents when it is drawn again.
    """

    def select_parent(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        """The parents of a generation, by their trials' numbers."""
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)

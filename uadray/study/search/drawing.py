"""A draw that was begun, made whole.

A kill between two values of a draw leaves the first of them in Optuna's storage, and a sampler draws otherwise where
it finds them: its second value depends on its first having been drawn, and it learns from what is running. So the draw
is made again from its first value, as if none had been written; the storage keeps what it has, which is the same.
"""

from __future__ import annotations

import copy
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial


def live(study: optuna.Study, frozen: FrozenTrial) -> optuna.Trial:
    """A trial that was begun, to go on with."""
    return optuna.Trial(study, frozen._trial_id)


def anew(study: optuna.Study, frozen: FrozenTrial) -> optuna.Trial:
    """A trial of which some values were drawn, to draw all of them in the same order."""
    blank = copy.copy(study)
    blank._storage = _Blank(study._storage, frozen)  # type: ignore[assignment]
    return live(blank, frozen)


class _Blank:
    """A storage in which one trial seems to have no values yet; those that it has are not written again."""

    def __init__(self, storage: BaseStorage, frozen: FrozenTrial):
        self._storage = storage
        self._written = set(frozen.params)
        self._trial = copy.copy(frozen)
        self._trial.params, self._trial.distributions = {}, {}
        given = "fixed_params"  # of an enqueued trial; the rest is what its sampler noted
        self._trial.system_attrs = {given: frozen.system_attrs[given]} if given in frozen.system_attrs else {}

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return copy.copy(self._trial) if trial_id == self._trial._trial_id else self._storage.get_trial(trial_id)

    def get_all_trials(self, *arguments: Any, **options: Any) -> list[FrozenTrial]:
        trials = self._storage.get_all_trials(*arguments, **options)
        return [self._trial if trial._trial_id == self._trial._trial_id else trial for trial in trials]

    def set_trial_param(self, trial_id: int, param_name: str, value: float, distribution: BaseDistribution) -> None:
        if param_name not in self._written:
            self._storage.set_trial_param(trial_id, param_name, value, distribution)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

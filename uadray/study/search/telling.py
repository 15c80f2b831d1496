"""What Optuna is told: finite objectives, how far each constraint is broken, and what was only begun.

A configuration of which a training was stopped early is PRUNED, one of which fewer than half were scored FAIL: a mean
of whole and of broken trainings would be compared with means of whole ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import optuna
from optuna.trial import FrozenTrial, TrialState

from uadray.study.configurations import Configuration
from uadray.study.design.plan import StudyConfig
from uadray.study.design.warm_start import Known
from uadray.study.objectives import Metric
from uadray.study.search.drawing import live


def listening() -> optuna.samplers.BaseSampler:
    """The sampler while nothing is drawn."""
    return optuna.samplers.RandomSampler(seed=0)


def tell(study: optuna.Study, frozen: FrozenTrial, settled: Configuration, plan: StudyConfig) -> None:
    """How a configuration ended, unless it is known; a start of the study that was killed may have told half of it."""
    if frozen.state.is_finished():
        return
    study.sampler = listening()
    values = [settled.mean(metric) for metric in plan.objectives]
    excess = settled.excess(plan.constraints)
    if not all(map(math.isfinite, [*values, *excess.values()])):
        study.tell(frozen.number, state=TrialState.FAIL)
        return
    trial = live(study, frozen)
    _constrain(trial, excess)
    if not settled.stopped:
        study.tell(frozen.number, values)
        return
    if len(values) == 1:  # Optuna keeps none for several objectives
        for epoch, value in _course(settled, plan.winner[0]).items():
            if epoch not in frozen.intermediate_values:
                trial.report(value, step=epoch)
    study.tell(frozen.number, state=TrialState.PRUNED)


def tell_known(study: optuna.Study, number: int, known: Known, plan: StudyConfig) -> None:
    """What another study found, as trial `number`, unless it is told; a start that was killed may have told half."""
    if number == len(study.get_trials(deepcopy=False)):
        study.enqueue_trial(dict(known.values))
    frozen = study.get_trials(deepcopy=False)[number]
    if frozen.state.is_finished():
        return
    study.sampler = listening()
    trial = study.ask() if frozen.state == TrialState.WAITING else live(study, frozen)
    plan.space.suggest(trial)
    _constrain(trial, {metric: bound.excess(known.metrics[metric]) for metric, bound in plan.constraints.items()})
    study.tell(number, [known.metrics[metric] for metric in plan.objectives])


def _constrain(trial: optuna.Trial, excess: Mapping[Metric, float]) -> None:
    """In the order in which the database gives them back: a Gaussian process takes them by their place."""
    for metric in sorted(excess.keys() - trial.constraints.keys()):
        trial.set_constraint(metric, excess[metric])


def _course(settled: Configuration, metric: str) -> dict[int, float]:
    """An objective by epoch, where it is known by epoch; else at the epoch where the first training was stopped."""
    scored = [record for record in settled.trainings if record.index in settled.values(metric)]
    if not all(metric in row for record in scored for row in record.curve):
        return {min(len(record.curve) for record in scored): settled.mean(metric)}
    columns = zip(*([row[metric] for row in record.curve] for record in scored), strict=False)
    return {epoch: sum(values) / len(values) for epoch, values in enumerate(columns, start=1)}

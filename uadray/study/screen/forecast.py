"""Before compute is spent: what a study will try, and about what it will take."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from statistics import fmean
from typing import Any

import optuna
from rich.console import Group, RenderableType
from rich.text import Text

from uadray.config import RunConfig
from uadray.data.subject import Part
from uadray.study.design.plan import StudyConfig
from uadray.study.screen.duration import duration
from uadray.study.screen.probe import Probe
from uadray.study.screen.tables import table
from uadray.study.space.branches import Steps
from uadray.study.space.search_space import SearchSpace
from uadray.training.kept_maps import MOST_BYTES
from uadray.training.settings import TrainConfig

MOST = 8  # architectures that are probed
USUAL = 20  # slices a scan, as in the paper, where nothing is prepared yet
DRAWS = 500  # trainings, of which the mean number of epochs is taken: of 10 to 50 it is right to about 2 %
BYTES = 4 * 3  # a parameter with its two moments, as a checkpoint keeps them


@dataclass(frozen=True)
class Trial:
    """What one trial of an architecture will take on average."""

    probe: Probe
    epochs: float
    """The mean of uniform draws; 0 for a model without training."""
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """What a study will take, if its trials are like the probed ones and none is stopped early."""

    plan: StudyConfig
    slices: Mapping[Part, int]
    counted: bool
    """Whether the slices are there; else they are taken to be the paper's twenty a scan."""
    trials: Sequence[Trial]
    architectures: int
    configurations: int | None
    """In the space; None where it has ranges."""
    measured_on: str
    """The kind of device, cpu or cuda."""

    @property
    def trainings(self) -> int:
        """Trials: configurations, at most as many as the space has, by their repeats."""
        return min(self.plan.budget.trials, self.configurations or self.plan.budget.trials) * self.plan.repeats

    @property
    def trial_s(self) -> float:
        """Of a usual trial."""
        return sum(trial.seconds for trial in self.trials) / len(self.trials)

    @property
    def wall_s(self) -> float:
        """Of the study, by its concurrency and within its hours."""
        at_once = min(self.plan.budget.concurrent_trials, self.trainings)
        return min(self.trial_s * math.ceil(self.trainings / at_once), self.plan.budget.hours * 3600)

    @property
    def disk_bytes(self) -> float:
        """Of the trained weights with their optimisers."""
        usual = sum(trial.probe.parameters for trial in self.trials) / len(self.trials)
        return usual * BYTES * self.trainings


def forecast(
    plan: StudyConfig,
    slices: Mapping[Part, int],
    counted: bool,
    measure: Callable[[RunConfig], Probe],
    measured_on: str,
) -> Forecast:
    """Probe the space's architectures on a device of this kind, at most eight of them spread over all, and add up."""
    points = plan.space.points()
    models: dict[str, RunConfig] = {}
    places: dict[str, dict[Steps, None]] = {}  # of the runs that have a model, where the space is a choice of runs
    for corner in plan.space.corners():
        run = RunConfig.parse(corner.plain())
        name = json.dumps(run.model.plain(), sort_keys=True)
        models.setdefault(name, run)
        places.setdefault(name, {})[corner.steps] = None
    step = max(1, math.ceil(len(models) / MOST))
    trials = [
        _trial(run, fmean(_epochs(plan.run, place) for place in places[name]), measure(run), slices)
        for name, run in list(models.items())[::step]
    ]
    return Forecast(plan, slices, counted, trials, len(models), None if points is None else len(points), measured_on)


def _epochs(tree: Any, place: Steps) -> float:
    """The mean of the last epoch over trainings that are drawn at random, of the run at a place of the space's tree."""
    run = reduce(lambda around, step: around[step], place, tree)
    space = SearchSpace(run.get("train", {}))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    draws = [space.suggest(study.ask())]
    if draws[0]:  # else there is nothing to draw
        draws += [space.suggest(study.ask()) for _ in range(DRAWS - 1)]
    return fmean(TrainConfig.parse(space.resolve(values)).last_epoch for values in draws)


def _trial(run: RunConfig, last_epoch: float, probe: Probe, slices: Mapping[Part, int]) -> Trial:
    train, healthy = (slices.get(Part(split, "healthy"), 0) for split in ("train", "val"))
    patients = slices.get(Part("val", "lesion"), 0)
    steps = train // run.train.batch_size
    epochs = last_epoch if probe.step_s else 0.0
    training = epochs * (steps * probe.step_s + healthy * probe.draft_s)
    scoring = (2 * healthy + patients) * probe.slice_s  # the healthy ones as they are, and with painted lesions
    return Trial(probe, epochs, training + scoring)


def shown(found: Forecast) -> RenderableType:
    """The forecast on one screen."""
    plan = found.plan
    columns = ("architecture", "parameters", "epochs", "s a step", "s a slice", "a trial")
    title = f"study {plan.study}: what its trials would take, one at a time"
    rows = table(title, columns, words=("architecture",), least=11)
    for trial in found.trials:
        probe = trial.probe
        numbers = (
            f"{probe.parameters / 1e6:.2f} M",
            f"{trial.epochs:.0f}",
            f"{probe.step_s:.3f}",
            f"{probe.slice_s:.4f}",
        )
        rows.add_row(probe.label, *numbers, duration(trial.seconds))
    resources, size = plan.resources, found.configurations
    gpus = resources.gpus_per_worker * resources.workers
    hours = found.trial_s * found.trainings / 3600
    counts = ", ".join(f"{part.split} {part.group} {count}" for part, count in found.slices.items())
    probed = "" if found.architectures == len(found.trials) else f", {len(found.trials)} of them probed"
    slower = ["Measured on this CPU, for want of a GPU here: on a GPU it takes another time, mostly less."]
    lines = [
        f"Space: {'without end (it has ranges)' if size is None else f'{size} configurations'}, "
        f"{found.architectures} architectures at its corners{probed}.",
        f"Slices: {counts} ({'as prepared' if found.counted else f'not prepared yet: {USUAL} a scan assumed'}).",
        f"A trial: {resources.cpus:g} CPU cores, {gpus:g} GPUs; {plan.budget.concurrent_trials} at a time,"
        f" {found.trainings} in all.",
        f"Time: about {duration(found.wall_s)} with epochs at their mean, if none is stopped early;"
        f" {hours * resources.cpus:.2g} CPU hours,"
        f" {hours * gpus:.2g} GPU hours.",
        *(slower if gpus and found.measured_on == "cpu" else []),
        f"Disk: about {found.disk_bytes / 1e6:.0f} MB of weights,"
        f" at most {found.trainings * MOST_BYTES / 1e6:.0f} MB of maps.",
        "Nothing was trained, and no scan was read.",
    ]
    return Group(rows, Text("\n".join(lines)))

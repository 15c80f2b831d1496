"""Ray Tune runs the trials that the searcher asks for, each through Ray Train."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ray.data
from ray import tune
from ray.exceptions import RayActorError
from ray.tune.error import TuneError
from ray.tune.experiment import Trial
from ray.tune.progress_reporter import TrialProgressCallback

from uadray.cluster.versions import installed
from uadray.data.store import Store
from uadray.data.subject import Group, Split
from uadray.errors import Problem, StudyHalted, UadError
from uadray.layout import RECORD
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.screen.progress import Progress
from uadray.study.search.searcher import SettledSearch
from uadray.study.search.trial import run_trial
from uadray.training.arrival import Astray
from uadray.training.room import room
from uadray.training.task import Task
from uadray.training.trainer import Datasets

Dataset = Callable[[Store, Split, Group], ray.data.Dataset]
RESTARTS = 2  # of a trial whose process died, without an epoch between them; it goes on from its last checkpoint


def load_datasets(store: Store, dataset: Dataset) -> Datasets:
    """Healthy slices to train on, healthy slices and, where there are any, patients to validate on."""
    patients = {"val_lesion": dataset(store, "val", "lesion")} if store.subjects("val", "lesion") else {}
    return {
        "train": dataset(store, "train", "healthy"),
        "val_healthy": dataset(store, "val", "healthy"),
        **patients,
    }


def run_trials(
    plan: StudyConfig,
    store: Store,
    trainings: Path,
    searcher: SettledSearch,
    progress: Progress,
    finished: Callable[[Record], None],
    seen_s: float,
    dataset: Dataset,
) -> None:
    """Run trials until the searcher has no more; `finished` is told of each once its record is in the ledger.

    `trainings` is the folder where trained weights are found again, by this study and by others. A record may take
    `seen_s` until this process sees it. Trials that were running go on from their last epoch after what is raised:
    StudyHalted for what kept every trial from going on, as a node without the workspace (UAD-445) does,
    KeyboardInterrupt when it was interrupted.
    """
    resources = plan.resources
    task = partial(
        Task,
        size=store.size,
        store=store.key,
        trainings=str(trainings.resolve()),
        painting=plan.painting.plain(),
        threads=resources.cpus_per_worker,
        mirror=searcher.ledger.mirror,
        libraries=installed(),
    )
    datasets, study = load_datasets(store, dataset), searcher.ledger.folder
    trainable = tune.with_parameters(run_trial, study=study, task=task, resources=resources, datasets=datasets)
    watcher = _Watcher(searcher, progress, finished, seen_s)
    tuner = tune.Tuner(
        tune.with_resources(trainable, resources.held_by_trial),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=plan.trainings,
            max_concurrent_trials=plan.budget.concurrent_trials,
            reuse_actors=resources.workers == 1,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(study / "ray"),
            callbacks=[watcher, _Silent()],
            failure_config=tune.FailureConfig(max_failures=RESTARTS),
            checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            verbose=0,
        ),
    )
    with room(study):
        _fit(tuner)
    if watcher.ended_by is not None:
        raise watcher.ended_by
    if not searcher.done:  # Tune swallows an interrupt and returns
        raise KeyboardInterrupt


def _fit(tuner: tune.Tuner) -> None:
    """Raises what a person can mend of what this process met while trials ran: Tune makes a traceback of it."""
    try:
        tuner.fit()
    except TuneError as error:
        met: BaseException | None = error
        while met is not None and not isinstance(met, OSError | UadError):
            met = met.__cause__ or met.__context__
        raise met or error from None


class _Watcher(tune.Callback):
    """Carries what Tune learns to the screen and to the ledger."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune saves its callbacks to restore experiments, but a study goes on from its own records."""
        return {}

    def __init__(
        self, searcher: SettledSearch, progress: Progress, finished: Callable[[Record], None], seen_s: float
    ) -> None:
        self._searcher = searcher
        self._progress = progress
        self._finished = finished
        self._seen_s = seen_s
        self._reached: dict[str, int] = {}
        self.ended_by: OSError | UadError | None = None
        """What keeps every trial from going on, and is no trial's fault."""

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        self._progress.started(*self._searcher.run_of(trial.trial_id))

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        index, _ = self._searcher.run_of(trial.trial_id)
        if "val/l1" in result:
            if result["epoch"] > self._reached.get(trial.trial_id, 0):
                self._reached[trial.trial_id] = result["epoch"]
                trial.run_metadata.num_failures = 0  # a machine may be taken away any number of times
            self._progress.epoch(index, result["epoch"], result["val/l1"])

    def on_trial_complete(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        index, _ = self._searcher.run_of(trial.trial_id)
        try:
            self._take(index)
        except (OSError, UadError) as error:  # which Tune would take for the trial's
            self._end(error)

    def _take(self, index: int) -> None:
        """Tell of a trial whose record is written; raises Astray (UAD-445) where it cannot be seen from here."""
        record = self._seen(index)
        if record is None:
            must, do = "its record must be seen where the study runs", "See that every node has the same workspace."
            got = f"no {self._searcher.ledger.trial(index) / RECORD}"
            raise Astray(Problem("UAD-445", f"trial {index}", must, got, do))
        self._finished(record)

    def _seen(self, index: int) -> Record | None:
        """A trial's record, waited for as long as a file system may hide it."""
        ledger = self._searcher.ledger
        if ledger.record(index) is None:
            ledger.mirror.bring(ledger.trial(index))
        deadline = time.monotonic() + self._seen_s
        while (record := ledger.record(index)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        return record

    def _end(self, error: OSError | UadError) -> None:
        self.ended_by = self.ended_by or error
        self._searcher.stop()

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        index, run = self._searcher.run_of(trial.trial_id)
        error = trial.get_pickled_error()
        if isinstance(error, StudyHalted):
            self._end(error)
            return
        ledger = self._searcher.ledger
        try:
            if self._seen(index) is None:
                ledger.fail(index, run, _why(trial, index))
                ledger.mirror.send(ledger.trial(index))
        except (OSError, UadError) as met:
            self._end(met)
            return
        self.on_trial_complete(iteration, trials, trial)


class _Silent(TrialProgressCallback):
    """In the place of Tune's own, which prints a line for each trial that ends without an epoch, at any verbosity."""

    def on_trial_result(self, *args: Any, **info: Any) -> None:
        pass

    def on_trial_error(self, *args: Any, **info: Any) -> None:
        pass

    def on_trial_complete(self, *args: Any, **info: Any) -> None:
        pass


def _why(trial: Trial, index: int) -> str:
    """Why a trial that left no record was given up."""
    error = trial.get_pickled_error() or trial.get_error()  # Ray does not always keep what ended a process
    error = _death_in(error) or error
    lines = str(error or "no reason is known").strip().splitlines()
    said = lines[-1] if lines else type(error).__name__
    if error and not isinstance(error, RayActorError):
        return said
    must = "a trial's process must live until its record is written"
    got = f"{RESTARTS + 1} that died, no epoch between them; {said.partition(' Some common causes')[0]}".rstrip(".")
    do = "Mostly memory is short: lower train.batch_size, the model's width, or budget.concurrent_trials."
    return str(Problem("UAD-312", f"trial {index}", must, got, do))


def _death_in(error: Any) -> RayActorError | None:
    """The death of one of a group's workers, on which the others' errors follow."""
    failures = [*getattr(error, "worker_failures", {}).values(), getattr(error, "controller_failure", None)]
    causes = (getattr(each, "health_check_failure", each) for each in failures)
    return next((each for each in causes if isinstance(each, RayActorError)), None)

"""OptunaSearch, made safe and repeatable.

Ray's own class hands NaN and infinity to Optuna, reports stopped trials as complete, and lets what a trial is told
depend on which trials happen to have finished. Here
- only finite objectives are told; stopped trials are PRUNED, failed ones FAIL;
- trial n is drawn when trials 0 to n - lag are settled, from exactly these, with a sampler seeded by n. Timing decides
  nothing, so the same study gives the same table, also after a resume;
- trial n of the study is number n in Optuna's storage and on disk, so a resumed study continues the same trials.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from uadray.config import RunConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.plan import StudyConfig


class SettledSearch(OptunaSearch):
    """Suggests the trials that a study still needs, in order; says FINISHED when a budget is spent."""

    def __init__(self, plan: StudyConfig, ledger: Ledger, database: Path, clock: Callable[[], float] = time.monotonic):
        self.plan = plan
        self.ledger = ledger
        self._stopped_by = ""
        self._clock = clock
        self._started = clock()
        self._next = 0
        self._settled = 0
        self._runs: dict[str, tuple[int, RunConfig]] = {}
        storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
        super().__init__(
            space=plan.space.suggest,
            metric=list(plan.objectives),
            mode=list(plan.objectives.values()),
            sampler=plan.sampler.build(0),
            study_name=plan.study,
            storage=storage,
        )
        known = self._ot_study.get_trials(deepcopy=False)
        if all(trial.state == TrialState.WAITING for trial in known):  # a kill may have left some of them out
            for values in plan.enqueued()[len(known) :]:
                self._ot_study.enqueue_trial(values)

    @property
    def complete(self) -> bool:
        """Whether every trial of the budget is finished."""
        return all(self.ledger.record(index) for index in range(self.plan.budget.trials))

    @property
    def done(self) -> bool:
        """Whether no more trials are drawn and all that were drawn are finished."""
        drawn_all = bool(self._stopped_by) or self._next >= self.plan.budget.trials
        return drawn_all and all(self.ledger.record(index) for index in range(self._next))

    @property
    def ending(self) -> str:
        """Why no more trials are tried."""
        return self._stopped_by or f"all {self.plan.budget.trials} trials are done"

    @property
    def lag(self) -> int:
        """How many trials before it a trial does not know of: enough that a slow neighbour keeps no core waiting."""
        return 3 * self.plan.budget.concurrent_trials - 2

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next unfinished trial's configuration; None to wait; FINISHED when nothing more is to be tried."""
        while self._next < self.plan.budget.trials:
            index = self._next
            if not all(self.ledger.record(earlier) for earlier in range(self._settled, index - self.lag + 1)):
                return None
            if not self._begun(index) and self._spent(index):
                break
            while self._settled <= index - self.lag:
                self._settle(self._settled)
            run = self._draw(index)
            self._next += 1
            if self.ledger.record(index) is None:
                self._runs[trial_id] = (index, run)
                return {"index": index, "run": run.plain(), "limits": list(self._limits(index, run).items())}
        return str(Searcher.FINISHED)

    def run_of(self, trial_id: str) -> tuple[int, RunConfig]:
        """The trial's number and configuration."""
        return self._runs[trial_id]

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: what counts is the record on disk."""

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Nothing: a trial is settled in its turn, from its record."""

    def settle_all(self) -> None:
        """Tell Optuna of every finished trial, once no more are to be drawn: earlier, it would know too much."""
        for number in range(self._settled, len(self._ot_study.trials)):
            if self.ledger.record(number) is not None:
                self._settle(number)

    def _spent(self, index: int) -> bool:
        """Whether a budget keeps trial `index` from being drawn; failures count once they are settled."""
        budget = self.plan.budget
        settled = (self.ledger.record(earlier) for earlier in range(index - self.lag + 1))
        failed = sum(record is not None and record.status == "failed" for record in settled)
        if failed > budget.max_failed_trials:
            self._stopped_by = f"{failed} trials failed, more than max_failed_trials = {budget.max_failed_trials}"
        elif self._clock() - self._started > budget.hours * 3600:
            self._stopped_by = f"the {budget.hours:g} hours of its budget are over"
        return bool(self._stopped_by)

    def _begun(self, index: int) -> bool:
        """Whether an earlier start of the study drew the trial."""
        known = self._ot_study.get_trials(deepcopy=False)
        return index < len(known) and known[index].state != TrialState.WAITING

    def _draw(self, index: int) -> RunConfig:
        """Trial `index`; of one that was begun, what was drawn stays and what was not is drawn now."""
        self._ot_study.sampler = self.plan.sampler.build(index)
        if self._begun(index):
            known = self._ot_study.get_trials(deepcopy=False)[index]
            finished = known.state.is_finished()
            trial = known if finished else optuna.trial.Trial(self._ot_study, known._trial_id)
        else:
            finished, trial = False, self._ot_study.ask()
        values = trial.params if finished else self.plan.space.suggest(trial)
        return RunConfig.parse(self.plan.space.resolve(values))

    def _limits(self, index: int, run: RunConfig) -> dict[int, float]:
        records = [self.ledger.record(earlier) for earlier in range(index - self.lag + 1)]
        curves = [record.losses for record in records if record is not None]
        return self.plan.scheduler.limits(curves, run.train.epochs)

    def _settle(self, number: int) -> None:
        """Tell Optuna how trial `number` ended, unless it knows."""
        self._settled = max(self._settled, number + 1)
        trial = self._ot_study.get_trials(deepcopy=False)[number]
        record = self.ledger.record(number)
        if record is None or trial.state.is_finished():
            return
        values = [record.metrics.get(metric, math.nan) for metric in self.plan.objectives]
        if record.status in ("diverged", "failed") or not all(map(math.isfinite, values)):
            self._ot_study.tell(number, state=TrialState.FAIL)
        elif record.status == "stopped":
            self._report(number, record, values)
            self._ot_study.tell(number, state=TrialState.PRUNED)
        else:
            self._ot_study.tell(number, values)

    def _report(self, number: int, record: Record, values: list[float]) -> None:
        """The objective at the epoch a trial was stopped; Optuna keeps none for several objectives."""
        if len(values) == 1:
            storage_id = self._ot_study.get_trials(deepcopy=False)[number]._trial_id
            optuna.trial.Trial(self._ot_study, storage_id).report(values[0], step=len(record.curve))

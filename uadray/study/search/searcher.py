"""OptunaSearch, made safe and repeatable.

Ray's own class hands NaN and infinity to Optuna, reports stopped trials as complete, and lets what a trial is told
depend on which trials happen to have finished. Here
- a configuration is trained as often as the study repeats it; each training is a trial, Optuna sees the mean, once all
  of them are finished;
- only finite objectives are told; what was stopped is PRUNED, what was not scored FAIL (uadray.study.search.telling);
- configuration n is drawn when 0 to n - lag are settled, from exactly these, with a sampler seeded by n. Timing decides
  nothing, so the same study gives the same table, also after a resume;
- configuration n is number n in Optuna's storage, after those that `warm_start` knows, and its trials are n * repeats
  and on, so a resumed study continues the same trials.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from uadray.config import RunConfig
from uadray.study.configurations import Configuration, configuration
from uadray.study.design.budget import Spending
from uadray.study.design.plan import StudyConfig
from uadray.study.design.warm_start import Start
from uadray.study.ledger import Ledger
from uadray.study.search.drawing import anew
from uadray.study.search.past import Past, judged
from uadray.study.search.stopwatch import Stopwatch
from uadray.study.search.telling import listening, tell, tell_known
from uadray.study.space.search_space import Values


class SettledSearch(OptunaSearch):
    """Suggests the trials that a study still needs, in order; says FINISHED when a budget is spent."""

    def __init__(self, plan: StudyConfig, ledger: Ledger, database: Path, clock: Callable[[], float] = time.monotonic):
        self.plan = plan
        self.ledger = ledger
        self._stopped_by = ""
        self._watch = Stopwatch(ledger.folder / "spent.json", clock)
        self._next = 0
        self._settled = 0
        self._past = Past(plan)
        self._runs: dict[str, tuple[int, RunConfig]] = {}
        storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
        super().__init__(
            space=plan.space.suggest,
            metric=list(plan.objectives),
            mode=list(plan.objectives.values()),
            sampler=listening(),
            study_name=plan.study,
            storage=storage,
        )
        start = self._begin()
        self._known = len(start.known)
        self._enqueued = plan.enqueued(start.first)

    @property
    def complete(self) -> bool:
        """Whether every trial of the budget is finished."""
        return all(self.ledger.record(index) for index in range(self.plan.trainings))

    @property
    def done(self) -> bool:
        """Whether no more trials are drawn and all that were drawn are finished."""
        drawn_all = bool(self._stopped_by) or self._next >= self.plan.trainings
        return drawn_all and all(self.ledger.record(index) for index in range(self._next))

    @property
    def ending(self) -> str:
        """Why no more trials are tried."""
        return self._stopped_by or f"all {self.plan.trainings} trials are done"

    @property
    def lag(self) -> int:
        """How many configurations before it one does not know of: enough that a slow trial keeps no core waiting."""
        trials = 3 * self.plan.budget.concurrent_trials - 2
        return math.ceil((trials + self.plan.repeats - 1) / self.plan.repeats)

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next unfinished trial's configuration; None to wait; FINISHED when nothing more is to be tried."""
        while self._next < self.plan.trainings:
            index = self._next
            number, repeat = divmod(index, self.plan.repeats)
            if not all(self._configuration(earlier) for earlier in range(self._settled, number - self.lag + 1)):
                return None
            self._remember(number)
            if not self._begun(number) and self._spent():
                break
            while self._settled <= number - self.lag:
                self._settle(self._settled)
            run = _repeated(self._draw(number), repeat)
            self._next += 1
            if self.ledger.record(index) is None:
                self._runs[trial_id] = (index, run)
                return {"index": index, "run": run.plain(), "limits": list(self._limits(number, run).items())}
        return str(Searcher.FINISHED)

    def stop(self) -> None:
        """Draw nothing more in this start of the study."""
        self._next = self.plan.trainings

    def run_of(self, trial_id: str) -> tuple[int, RunConfig]:
        """The trial's number and configuration."""
        return self._runs[trial_id]

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Look at the clock: what counts of a trial is the record on disk."""
        self._watch.mark()

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Look at the clock: a trial is settled in its turn, from its record."""
        self._watch.mark()

    def settle_all(self) -> None:
        """Tell Optuna of every finished trial, once no more are to be drawn: earlier, it would know too much."""
        for number in range(self._settled, len(self._ot_study.trials) - self._known):
            if self._configuration(number) is not None:
                self._settle(number)

    def _begin(self) -> Start:
        """Tell of what another study found; what is known from the start."""
        plan, start = self.plan, Start()
        if plan.warm_start is not None:
            needed = list(dict.fromkeys([*plan.objectives, *plan.constraints]))
            start = plan.warm_start.start(self.ledger, plan.space, plan.locate, plan.objectives, needed)
        for number, known in enumerate(start.known):
            tell_known(self._ot_study, number, known, plan)
        return start

    def _spent(self) -> bool:
        """Whether a budget keeps the next configuration from being drawn; what it knows of counts."""
        self._watch.mark()
        resources, past = self.plan.resources, self._past
        gpu_seconds = past.seconds * resources.workers * resources.gpus_per_worker
        spending = Spending(
            failed=past.failed,
            hours=self._watch.seconds / 3600,
            gpu_hours=gpu_seconds / 3600,
            merits=past.merits,
        )
        self._stopped_by = self.plan.budget.exceeded(spending)
        return bool(self._stopped_by)

    def _configuration(self, number: int) -> Configuration | None:
        return configuration(self.ledger, number, self.plan.repeats)

    def _remember(self, number: int) -> None:
        """Know of the configurations that configuration `number` knows of, all of which are settled."""
        for settled in map(self._configuration, range(self._past.known, number - self.lag + 1)):
            if settled is not None:
                self._past.add(settled)

    def _frozen(self, number: int) -> FrozenTrial | None:
        """What Optuna's storage has of a configuration."""
        trials = self._ot_study.get_trials(deepcopy=False)
        return trials[self._known + number] if self._known + number < len(trials) else None

    def _begun(self, number: int) -> bool:
        """Whether an earlier start of the study drew the configuration."""
        frozen = self._frozen(number)
        return frozen is not None and frozen.state != TrialState.WAITING

    def _draw(self, number: int) -> RunConfig:
        """A configuration; one that was begun is what the start that began it would have drawn."""
        frozen = self._frozen(number)
        if frozen is None and number < len(self._enqueued):  # in its turn: Optuna reads all that wait at every draw
            self._ot_study.enqueue_trial(self._enqueued[number])
        if frozen is None or frozen.state == TrialState.WAITING:
            values = self._drawn(number, self._ot_study.ask)
        elif not self._whole(frozen.params):
            values = self._drawn(number, lambda: anew(self._ot_study, frozen))
        else:
            values = frozen.params
        return RunConfig.parse(self.plan.space.resolve(values))

    def _drawn(self, number: int, begin: Callable[[], optuna.Trial]) -> Values:
        self._ot_study.sampler = self.plan.sampler.build(number, self.plan.space)
        return self.plan.space.suggest(begin())

    def _whole(self, values: Values) -> bool:
        """Whether nothing is left to be drawn."""
        try:
            self.plan.space.resolve(values)
        except KeyError:
            return False
        return True

    def _limits(self, number: int, run: RunConfig) -> dict[int, float]:
        limits = self.plan.scheduler.limits(number, self._past.losses, run.train.epochs)
        return {epoch: limit for epoch, limit in limits.items() if judged(run, epoch)}

    def _settle(self, number: int) -> None:
        """Tell Optuna how a configuration ended."""
        self._settled = max(self._settled, number + 1)
        frozen, settled = self._frozen(number), self._configuration(number)
        if frozen is not None and settled is not None:
            tell(self._ot_study, frozen, settled, self.plan)


def _repeated(run: RunConfig, repeat: int) -> RunConfig:
    seed = (run.train.seed + repeat) % 2**31
    return run.model_copy(update={"train": run.train.model_copy(update={"seed": seed})})

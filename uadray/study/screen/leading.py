"""Which trial would be selected if a study ended now, kept up as trials finish."""

from __future__ import annotations

from uadray.study.configurations import Configuration
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.objectives import merit


class Leading:
    """The best configuration so far, as `selection` ranks them: by the mean over its trainings, once all are finished.

    One that breaks a constraint does not lead, nor does one of which fewer than half of the trainings were scored. Ties
    go to the earlier one, in whatever order trials finish.
    """

    def __init__(self, plan: StudyConfig) -> None:
        self._plan = plan
        self._waiting: dict[int, dict[int, Record]] = {}  # trainings of configurations that are not finished
        self._best: tuple[float, int, int] | None = None  # least is best: merit turned, configuration, trial

    @property
    def trial(self) -> int | None:
        """The training that stands for the best configuration; None while there is none."""
        return None if self._best is None else self._best[-1]

    def add(self, record: Record) -> None:
        """A trial is finished."""
        number = record.index // self._plan.repeats
        trainings = self._waiting.setdefault(number, {})
        trainings[record.index] = record
        if len(trainings) < self._plan.repeats:
            return
        found = Configuration(number, tuple(record for _, record in sorted(self._waiting.pop(number).items())))
        metric, mode = self._plan.winner
        if found.has(metric) and found.feasible(self._plan.constraints):
            place = (-merit(found.mean(metric), mode), number, found.representative(metric, mode).index)
            self._best = place if self._best is None else min(self._best, place)

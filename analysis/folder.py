"""A study's folder, which is the truth: what MLflow does not mirror is taken from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from uadray.data.store import Store
from uadray.data.subject import Split
from uadray.scoring.scorecard import Scorecard
from uadray.study.ledger import Ledger
from uadray.study.result.verdict import Verdict, read_verdict
from uadray.study.workspace.naming import study_folder

BASELINE = -1  # the trial number of the intensity baseline


@dataclass(frozen=True)
class StudyFolder:
    """The folder of a study, by its path or its name in runs/; raises ConfigError (UAD-304) where none has begun."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", study_folder(self.path))

    @property
    def workspace(self) -> Path:
        """Where the study's stores and tracking database are."""
        return self.path.resolve().parents[1]

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.path.resolve())

    @property
    def name(self) -> str:
        return str(self._plan["study"])

    @property
    def id(self) -> str:
        """Of this study and no other of its name."""
        return str(self._plan["id"])

    @property
    def objective(self) -> tuple[str, str]:
        """The metric that picks the winner, and max or min."""
        metric, mode = next(iter(self._plan["objectives"].items()))
        return str(metric), str(mode)

    def store(self) -> Store:
        """The slices; raises DataError (UAD-140 to UAD-143)."""
        return Store.open(self.ledger.store_path)

    def cards(self, split: Split) -> dict[int, Scorecard]:
        """The scores on the patients of a split by trial, the baseline's as -1; {} where nobody was scored there."""
        return {"val": self._val, "test": self._test}.get(split, {})

    @cached_property
    def _plan(self) -> dict[str, Any]:
        return self.ledger.plan

    @cached_property
    def _val(self) -> dict[int, Scorecard]:
        cards = {record.index: record.val for record in self.ledger.records()}
        baseline = self._verdict.baseline.val if self._verdict else None
        return {trial: card for trial, card in {**cards, BASELINE: baseline}.items() if card is not None}

    @cached_property
    def _test(self) -> dict[int, Scorecard]:
        verdict = self._verdict
        if verdict is None:
            return {}
        return {**verdict.others, verdict.trial: verdict.winner.test, BASELINE: verdict.baseline.test}

    @cached_property
    def _verdict(self) -> Verdict | None:
        return read_verdict(self.ledger)

"""All that a study's folder and store tell, read once and never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from uadray.data.store import Store
from uadray.errors import DataError
from uadray.layout import IMPORTANCE, SELECTION
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.objectives import Metric, Mode
from uadray.study.result.held_out import openings
from uadray.study.result.verdict import Verdict, read_verdict
from uadray.study.screen.board import LIVE, Board
from uadray.study.workspace.folder import read_plan
from uadray.study.workspace.naming import study_folder


@dataclass(frozen=True)
class Found:
    """A study as it stands on disk; what is not there yet is None or empty."""

    ledger: Ledger
    plan: StudyConfig
    store_key: str
    store: Store | None
    """None where it cannot be read, or was moved."""
    records: tuple[Record, ...]
    selection: dict[str, Any]
    verdict: Verdict | None
    importance: dict[str, float]
    state: str
    """How far the search is, in words; "" where nobody wrote it down."""

    @property
    def objective(self) -> Metric:
        """Picks the winner."""
        return self.plan.winner[0]

    @property
    def mode(self) -> Mode:
        """Its better direction."""
        return self.plan.winner[1]

    @property
    def winner(self) -> Record | None:
        """The selected trial."""
        return self.record(self.selection["trial"]) if self.selection else None

    @property
    def scored(self) -> list[Record]:
        """The trials that have the objective, in their order."""
        return [record for record in self.records if self.objective in record.metrics]

    @property
    def sealed_at(self) -> str:
        """When the selection was written, as its file says; "" while there is none."""
        path = self.ledger.folder / SELECTION
        return f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}" if path.is_file() else ""

    @property
    def openings(self) -> list[dict[str, str]]:
        """When the test split was opened and for what, up to now; oldest first."""
        return openings(self.ledger)

    def record(self, index: int) -> Record | None:
        """A finished trial by its number."""
        return next((record for record in self.records if record.index == index), None)


def gather(folder: Path) -> Found:
    """Read a study; `folder` is the one with study.json, below studies/ in a workspace.

    Raises ConfigError (UAD-304) where no study has begun, StudyError (UAD-333) for one of another version.
    """
    ledger = Ledger(study_folder(folder).resolve())
    plan, store_key = read_plan(ledger.folder)
    live = ledger.folder / LIVE
    return Found(
        ledger=ledger,
        plan=plan,
        store_key=store_key,
        store=_store(ledger),
        records=tuple(ledger.records()),
        selection=ledger.finding(SELECTION),
        verdict=read_verdict(ledger),
        importance=ledger.finding(IMPORTANCE),
        state=Board.parse(json.loads(live.read_text(encoding="utf-8"))).state if live.is_file() else "",
    )


def _store(ledger: Ledger) -> Store | None:
    try:
        return Store.open(ledger.store_path)
    except DataError:
        return None

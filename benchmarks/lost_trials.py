"""Trials that are made to fail, and whether everything that a study writes says the same of each of them."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, get_args

import optuna
from mlflow.tracking import MlflowClient

from uadray.conduct import Study
from uadray.study.ledger import Record
from uadray.study.objectives import Metric
from uadray.tracking.content import STATUS
from uadray.tracking.server import tracking_uri


@dataclass(frozen=True)
class Plant:
    """A way to fail."""

    status: str
    """What the ledger calls it."""
    reason: str
    """What its reason must hold."""
    tune: str = "TERMINATED"
    """How Ray Tune sees the trial's process."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """What its configuration has besides."""


PLANTS: Mapping[str, Plant] = {
    "nan": Plant("diverged", "UAD-310", model={"learning_rate": 1e30}),
    "exception": Plant("failed", "panels.png"),
    "killed": Plant("failed", "UAD-312", tune="ERROR"),
    "memory": Plant("failed", "memory", model={"latent": {"kind": "dense", "dim": 4 * 10**12}}),  # 2 PB a weight
}


def planted(trials: int, lost: int) -> dict[int, str]:
    """Which trials are lost, spread over the study, and how: each way in turn."""
    every, ways = trials // lost, list(PLANTS)
    return {every * (number + 1) - 1: ways[number % len(ways)] for number in range(lost)}


class Assassin:
    """Kills whichever process works on one of some trials, as often as there is one; a context manager."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.killed: set[int] = set()
        self._folders = folders
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._lurk, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _lurk(self) -> None:
        while not self._over.wait(0.02):
            begun = [folder for folder in self._folders if (folder / ".lock").exists()]
            locks = {str(folder / ".lock") for folder in begun if not (folder / "trial.json").exists()}
            for process in _holders(locks) if locks else ():
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                    self.killed.add(process)


def _holders(locks: Set[str]) -> Iterator[int]:
    """The processes that have one of the files open."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # of another user, or gone
            if any(os.readlink(opened) in locks for opened in (process / "fd").iterdir()):
                yield int(process.name)


def disagreements(study: Study, ways: Mapping[int, str]) -> list[str]:
    """What the ledger, Optuna, Ray Tune and MLflow do not say alike, a line each; and what is not as it was planted."""
    records = {record.index: record for record in study.ledger.records()}
    views = {"Optuna": optuna_rows(study), "Tune": tune_rows(study), "MLflow": mlflow_rows(study)}
    wrong = []
    for index in range(study.plan.budget.trials):
        record, plant = records.get(index), PLANTS[ways[index]] if index in ways else Plant("completed", "")
        if record is None or record.status != plant.status or plant.reason not in record.reason:
            found = "no record" if record is None else f"{record.status} {record.reason}"
            wrong.append(f"trial {index}: {ways.get(index, 'sound')} is {found}")
            continue
        expected = {
            "Optuna": optuna_row(study, record),
            "Tune": (plant.tune, len(record.curve), record.losses[-1] if record.curve else None),
            "MLflow": mlflow_row(record),
        }
        for name, rows in views.items():
            if rows.get(index) != [expected[name]]:
                wrong.append(f"trial {index} ({record.status}): {name} has {rows.get(index)}, not {expected[name]}")
    known = range(study.plan.budget.trials)
    wrong += [f"{name} has a trial {index}" for name, rows in views.items() for index in rows if index not in known]
    return wrong


def optuna_row(study: Study, record: Record) -> tuple[str, list[float] | None]:
    if record.status != "completed":
        return ("FAIL", None)
    return ("COMPLETE", [record.metrics[metric] for metric in study.plan.objectives])


def optuna_rows(study: Study) -> dict[int, list[object]]:
    """State and objectives by trial."""
    stored = optuna.load_study(study_name=study.plan.study, storage=f"sqlite:///{study.ledger.folder / 'optuna.db'}")
    return {trial.number: [(trial.state.name, trial.values)] for trial in stored.trials}


def tune_rows(study: Study) -> dict[int, list[object]]:
    """Status, epochs and last loss by trial, of all trials that Ray Tune ran."""
    state = max(study.ledger.folder.glob("ray/tune/experiment_state-*.json"), key=lambda path: path.stat().st_mtime)
    rows: dict[int, list[object]] = {}
    for described, ran in json.loads(state.read_text())["trial_data"]:
        trial, last = json.loads(described), json.loads(ran).get("last_result") or {}
        row = (trial["status"], last.get("epoch", 0), last.get("val/l1"))
        rows.setdefault(trial["config"]["index"], []).append(row)
    return rows


def mlflow_row(record: Record) -> tuple[str, dict[str, float]]:
    """The run that a record should have."""
    loss = {"val/l1": record.losses[-1]} if record.curve else {}
    return (STATUS[record.status], {**record.metrics, **loss})


def mlflow_rows(study: Study) -> dict[int, list[object]]:
    """Status and what a study may optimise by trial, of every run of a trial."""
    client = MlflowClient(tracking_uri=tracking_uri(study.workspace.folder))
    experiments = client.search_experiments(filter_string=f"name = 'uadray/{study.plan.study}'")
    rows: dict[int, list[object]] = {}
    for run in client.search_runs([each.experiment_id for each in experiments], max_results=5000):
        key = run.data.tags["uadray.key"]
        if key.startswith("trial "):
            scores = {name: value for name, value in run.data.metrics.items() if name in get_args(Metric)}
            rows.setdefault(int(key.removeprefix("trial ")), []).append((run.info.status, scores))
    return rows

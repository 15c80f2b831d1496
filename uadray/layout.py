"""What a workspace holds, by the names that it has there: one folder a store, one a study, one a trial of it.

runs/stores/KEY/           prepared slices
runs/studies/NAME/         a study: what it is, what was found, and its trials
runs/trainings/KEY/        weights that studies share
"""

from __future__ import annotations

import json
from pathlib import Path

STORES = "stores"
STUDIES = "studies"
TRIALS = "trials"

PLAN = "study.json"
"""What a study is: what it was asked, the key of its slices, and an id of its own."""

SELECTION = "selection.json"
VERDICT = "test.json"
COMPARISON = "comparison.json"
IMPORTANCE = "importance.json"
FINDINGS = (SELECTION, VERDICT, COMPARISON, IMPORTANCE)
"""What a study comes to in the end, and has no longer when it goes on with a larger budget."""

OPENINGS = "openings.jsonl"
"""When the test split was opened, and for what; it only grows."""

RECORD = "trial.json"
"""Of a finished trial; while it is not there, the trial is not finished."""

CHECKPOINTS = "checkpoints"
"""Of a trial: its weights, and those that it was scored with."""


def study_id(plan: bytes | None) -> str | None:
    """The id in what a study's PLAN holds, or None; another study of the same name has another."""
    return None if plan is None else json.loads(plan).get("id")


def study_id_at(path: Path) -> str | None:
    """The same of a PLAN on disk, if it is there."""
    return study_id(path.read_bytes()) if path.is_file() else None

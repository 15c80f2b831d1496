"""What every run reached on every patient, as one long table."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from folder import StudyFolder
from runs import client_of
from uadray.data.subject import Split
from uadray.errors import Problem, StudyError
from uadray.pseudonyms import pseudonym
from uadray.scoring.statistics.per_patient import Values


def patients(study: Path, runs: pd.DataFrame, split: Split, tracking_uri: str | None = None) -> pd.DataFrame:
    """One row for each run and patient of a split: `trial` and the columns of PatientScore.

    `subject` is the patient's pseudonym. The tables are MLflow's; a run without one has the scores of the study's
    folder, and one without those, too, has no row. Raises StudyError (UAD-361) where no run has any.
    """
    folder = StudyFolder(study)
    client, cards = client_of(folder, tracking_uri), folder.cards(split)
    name, found = f"tables/{split}_patients.parquet", []
    for run_id, trial in zip(runs["run_id"], runs["trial"], strict=True):
        if any(artifact.path == name for artifact in client.list_artifacts(run_id, "tables")):
            rows = pd.read_parquet(client.download_artifacts(run_id, name))
        elif trial in cards:
            rows = pd.DataFrame([asdict(patient) for patient in cards[trial].patients])
            rows["subject"] = rows["subject"].map(pseudonym)
        else:
            continue
        found.append(rows.assign(trial=trial))
    if not found:
        must, do = f"a run must have scores of single {split} patients", "Let the study end, or take --split val."
        raise StudyError(Problem("UAD-361", str(study), must, "none", do))
    return pd.concat(found, ignore_index=True)


def values(rows: pd.DataFrame, score: str) -> Values:
    """A score by patient; None where there is nothing to judge.

    The names keep the order of the rows, which is that of the study's own names: bootstraps draw by it, so that an
    interval is the same here as in the study's comparison.
    """
    found = zip(rows["subject"], rows[score], strict=True)
    return {
        f"{number:06d} {subject}": None if pd.isna(value) else float(value)
        for number, (subject, value) in enumerate(found)
    }

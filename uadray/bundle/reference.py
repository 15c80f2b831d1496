"""How a person names a model: a folder with a model file, a study's folder, or a study of the workspace and a trial."""

from __future__ import annotations

import json
import re
from pathlib import Path

from uadray.bundle.bundle import MODEL, Bundle
from uadray.bundle.writing import write_bundle
from uadray.data.store import Store
from uadray.errors import DataError, Problem, StudyError
from uadray.scoring import threshold
from uadray.section import digest
from uadray.study.folder import PLAN
from uadray.study.ledger import Ledger, Record
from uadray.study.selection import sealed_trial


def opened(reference: str, workspace: Path) -> Bundle:
    """The model that a reference names; of a study's trial a model file is made below the workspace, once.

    Raises DataError: UAD-375 for a reference that leads nowhere, and what Bundle.open raises; StudyError (UAD-332) for
    a trial that is not finished, and what `write_bundle` raises.
    """
    if (Path(reference) / MODEL).is_file() or not _is_study(reference):
        return Bundle.open(Path(reference))
    ledger, store, record = trial(reference, workspace)
    fitted = None if record.threshold is None else threshold.plain(record.threshold)
    key = digest(ledger.study_id, record.training, record.run.plain(), fitted, store.key)
    folder = store.path.parents[1] / "models" / f"{ledger.folder.name}-{record.index:04d}-{key}"
    return Bundle.open(folder) if folder.is_dir() else write_bundle(ledger, store, record, folder)


def trial(reference: str, workspace: Path, number: int | None = None) -> tuple[Ledger, Store, Record]:
    """The trial of a study's folder, or of NAME, NAME:best or NAME:7 in the workspace; the selected one unless named.

    Raises DataError: UAD-375, UAD-140 to UAD-143 for the study's store; StudyError (UAD-332).
    """
    folder, asked = _study(reference, workspace)
    ledger = Ledger(folder.resolve())
    store = Store.open(ledger.folder.parents[1] / "stores" / json.loads((folder / PLAN).read_text())["store"])
    index = next((each for each in (number, asked) if each is not None), sealed_trial(ledger))
    record = None if index is None else ledger.record(index)
    if record is None:
        must, do = "the study must have this trial, finished", "Wait for it, or choose another."
        raise StudyError(Problem("UAD-332", str(folder), must, f"trial {index}", do))
    return ledger, store, record


def _is_study(reference: str) -> bool:
    """Whether it does not name an existing folder that is no study: that one is opened, and refused, as a model."""
    return not Path(reference).is_dir() or (Path(reference) / PLAN).is_file()


def _study(reference: str, workspace: Path) -> tuple[Path, int | None]:
    """The study's folder, and the trial if a number names it."""
    if (Path(reference) / PLAN).is_file():
        return Path(reference), None
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?::(best|[0-9]{1,9}))?", reference)
    folder = workspace / "studies" / match[1] if match else None
    if match is None or folder is None or not (folder / PLAN).is_file():
        must = "a model must be a folder, or STUDY:best or STUDY:NUMBER of the workspace"
        got = f"neither, with studies in {workspace / 'studies'}"
        raise DataError(Problem("UAD-375", reference, must, got, "Correct the path or --workspace."))
    return folder, int(match[2]) if match[2] not in (None, "best") else None

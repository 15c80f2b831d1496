"""A trial's model on any prepared store: every patient a line, every lesion a line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from uadray.data.store import Slices, Store
from uadray.data.subject import Split
from uadray.errors import DataError, Problem, StudyError
from uadray.files import write_json
from uadray.scoring.lesion_table import Finding, findings
from uadray.scoring.score import score
from uadray.scoring.scorecard import Scorecard
from uadray.study.ledger import Ledger, Record
from uadray.study.result.held_out import open_test
from uadray.study.result.trained import detector_of


@dataclass(frozen=True)
class Evaluation:
    """What a trial reaches on the patients of a store."""

    card: Scorecard
    findings: tuple[Finding, ...]

    def write(self, folder: Path) -> None:
        """Write scores.json, patients and findings; both as .tsv and as .parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        plain = self.card.plain()
        patients = plain.pop("patients")
        write_json(folder / "scores.json", plain)
        _write_table(folder / "patients", patients)
        _write_table(folder / "findings", [asdict(finding) for finding in self.findings])


def evaluate(ledger: Ledger, own: Store, record: Record, store: Store, split: Split) -> Evaluation:
    """Score a trial on the patients of a split of a store, with the threshold that its study fitted.

    `own` is the store that the study was made with; its test split is opened only once the study's selection is on
    disk, and the opening is written down. Raises StudyError: UAD-332 for a trial without a score, UAD-331; DataError:
    UAD-144 for a split without patients, UAD-345 for slices of another size.
    """
    if record.threshold is None:
        must, do = "a trial must have been scored", "Choose another trial."
        raise StudyError(Problem("UAD-332", f"trial {record.index}", must, record.reason or record.status, do))
    if store.size != own.size:
        must, got = f"slices must have the {own.size} pixels of the study's", f"{store.size}"
        raise DataError(Problem("UAD-345", str(store.path), must, got, "Prepare them with the study's settings."))
    patients = _patients(ledger, own, store, split)
    detector = detector_of(record, ledger, own.read("val", "healthy"), torch.device("cpu"))
    maps = detector.anomaly_maps(patients)
    card = score(maps, patients, record.threshold, record.run.scoring)
    return Evaluation(card, tuple(findings(detector.segment(maps, patients, record.threshold), patients)))


def _patients(ledger: Ledger, own: Store, store: Store, split: Split) -> Slices:
    """Whoever is among the study's test patients comes through their door, in whatever store and split they are."""
    tested = {member.person for member in own.subjects("test").values()}
    if tested & {member.person for member in store.subjects(split).values()}:
        return open_test(ledger, store, "evaluate", split=split)
    return store.read(split, "lesion")


def _write_table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(list(rows)), path.with_suffix(".parquet"))
    with path.with_suffix(".tsv").open("w", encoding="utf-8", newline="") as stream:
        lines = csv.DictWriter(stream, list(rows[0]) if rows else [], dialect="excel-tab", lineterminator="\n")
        lines.writeheader()
        lines.writerows(rows)

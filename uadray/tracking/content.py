"""What MLflow holds of a study's trials, made from what is on disk; nothing here talks to a server.

Every run has the same flat parameters, so that the UI's parallel coordinates draw every run. A number that is not
finite is left out: MLflow makes 1.8e308 of an infinite one, which ruins the axis.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from uadray.files import write_json
from uadray.layout import RECORD
from uadray.pseudonyms import pseudonym
from uadray.scoring.scorecard import PatientScore, Scorecard
from uadray.study.ledger import Ledger, Record
from uadray.study.result.verdict import Contender
from uadray.tracking.anonymous import Anonymous

STATUS = {"completed": "FINISHED", "stopped": "KILLED", "diverged": "FAILED", "failed": "FAILED"}
TABLES = "tables"
COLUMNS = {"str": pa.string(), "int": pa.int64(), "float | None": pa.float64()}
PATIENTS = pa.schema([(each.name, COLUMNS[str(each.type)]) for each in fields(PatientScore)])


@dataclass(frozen=True)
class Point:
    """A value of a metric; times are ms since 1970."""

    key: str
    value: float
    time: int
    step: int = 0


@dataclass(frozen=True)
class Content:
    """One run, whole."""

    key: str
    """Names the run in its study."""
    name: str
    digest: str
    """Of what it was made from."""
    status: str
    began: int
    ended: int
    tags: Mapping[str, str]
    params: Mapping[str, str]
    points: tuple[Point, ...]
    figures: tuple[Path, ...] = ()
    tables: Mapping[str, Any] = field(default_factory=dict)
    """By the file's name: a scorecard, of which the patients are a table, or plain values."""


def of_trial(record: Record, ledger: Ledger, repeats: int, anonymous: Anonymous) -> Content:
    """A finished trial's run: parameters, curves by epoch, headline metrics, pictures, patients of validation."""
    path = ledger.trial(record.index) / RECORD
    ended = modified(path)
    began = ended - int(1000 * record.seconds)
    headline = {"time/trial_s": record.seconds, **record.metrics}  # of a lost trial nothing else is known
    if record.val is not None:
        headline |= headlines("val", record.val)
    by_epoch = {key for row in record.curve for key in row}
    tags = {"uadray.status": record.status, "uadray.configuration": str(record.index // repeats)}
    tables = {f"{TABLES}/percentiles.json": dict(record.percentiles)} if record.percentiles else {}
    return Content(
        key=f"trial {record.index}",
        name=f"t{record.index:04d} {record.run.describe()}",
        digest=digest(path.read_text()),
        status=STATUS[record.status],
        began=began,
        ended=ended,
        tags=tags | ({"uadray.reason": anonymous.text(record.reason)[:1000]} if record.reason else {}),
        params=_texts({**record.run.hyperparameters(), "trial": record.index, "precision": record.precision or "none"}),
        points=(
            *_curves(record.curve, began),
            *steady({key: value for key, value in headline.items() if key not in by_epoch}, ended),
        ),
        figures=tuple(sorted(path.parent.glob("*.png"))),
        tables=tables | ({f"{TABLES}/val_patients.parquet": record.val} if record.val else {}),
    )


def of_baseline(baseline: Contender, at: int) -> Content:
    """The run of the intensity baseline, which is tested beside the winner."""
    val = {} if baseline.val is None else headlines("val", baseline.val)
    timing = {"val/seconds_per_slice": baseline.timing["model"], "time/trial_s": 0.0, "model/parameters": 0.0}
    cards = {"val": baseline.val, "test": baseline.test}
    return Content(
        key="intensity",
        name="intensity baseline",
        digest=digest(json.dumps(baseline.plain())),
        status="FINISHED",
        began=at,
        ended=at,
        tags={"uadray.status": "completed"},
        params=_texts({**baseline.run.hyperparameters(), "trial": -1, "precision": "none"}),
        points=steady({**val, **of_contender(baseline), **timing}, at),
        tables={f"{TABLES}/{split}_patients.parquet": card for split, card in cards.items() if card is not None},
    )


def of_contender(contender: Contender) -> dict[str, float]:
    """What is known of a contender's test: its scores, and how much it finds in healthy people."""
    healthy = {} if contender.healthy is None else {"test/healthy_share_of_brain": contender.healthy.share_of_brain}
    return {**headlines("test", contender.test), **healthy}


def headlines(split: str, card: Scorecard) -> dict[str, float]:
    """A scorecard's numbers under the names they have in MLflow."""
    names = (
        *("auprc", "auroc", "prevalence", "dice_mean", "dice_std", "threshold", "upper_bound_dice_mean"),
        *("ceiling_dice_mean", "lesion_recall", "lesion_f1", "false_components_per_scan"),
    )
    return {f"{split}/{name}": getattr(card, name) for name in names}


def steady(values: Mapping[str, float], time: int) -> tuple[Point, ...]:
    """Metrics that have one value, those that are finite."""
    return tuple(Point(key, value, time) for key, value in values.items() if math.isfinite(value))


def write_table(path: Path, table: Scorecard | Any) -> None:
    """Write the patients of a scorecard under their pseudonyms as Parquet, or plain values as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(table, Scorecard):
        rows = [{**asdict(patient), "subject": pseudonym(patient.subject)} for patient in table.patients]
        pq.write_table(pa.Table.from_pylist(rows, schema=PATIENTS), path)
    else:
        write_json(path, table)


def digest(text: str) -> str:
    """Names a content: equal digests, equal texts."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def modified(path: Path) -> int:
    """When a file was last written, in ms since 1970."""
    return int(path.stat().st_mtime * 1000)


def _curves(curve: Iterable[Mapping[str, float]], began: int) -> list[Point]:
    """Metrics by epoch, from 1."""
    points, seconds = [], 0.0
    for epoch, row in enumerate(curve, start=1):
        seconds += row.get("seconds", 0.0)
        at = began + int(1000 * seconds)
        points += [Point(key, value, at, epoch) for key, value in row.items() if math.isfinite(value)]
    return points


def _texts(values: Mapping[str, float | str]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}

"""What a report needs the test slices for: pictures of the best and the worst patients, and intervals of the AUPRC.

The test split is opened for it once, through its door, and what was got is kept beside the verdict it belongs to: a
second report opens nothing.
"""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.data.store import Slices, Store
from uadray.errors import DataError, UadError
from uadray.files import sha256, write_json
from uadray.layout import VERDICT
from uadray.models.intensity import IntensityConfig
from uadray.pseudonyms import pseudonym
from uadray.reporting.gathering import Found
from uadray.scoring.detector import Detector
from uadray.scoring.figure import save_panels
from uadray.scoring.scorecard import PatientScore
from uadray.scoring.statistics.intervals import Interval
from uadray.scoring.statistics.pooled import pooled_auprc_interval
from uadray.scoring.threshold import Fitted
from uadray.study.ledger import Record
from uadray.study.result.held_out import open_test
from uadray.study.result.trained import detector_of
from uadray.study.result.verdict import Verdict

KEPT = "report.json"
ROWS = 3


@dataclass(frozen=True)
class Picture:
    """Panels of a few patients, a row each, as a data URI."""

    title: str
    uri: str
    patients: tuple[str, ...]
    """Pseudonym and Dice, the best first; the rows of the picture go from the smallest lesion load to the largest."""


@dataclass(frozen=True)
class FromSlices:
    """What was got from the test slices; `missing` says why nothing was."""

    winner_auprc: Interval | None = None
    baseline_auprc: Interval | None = None
    pictures: tuple[Picture, ...] = field(default=())
    missing: str = ""

    @classmethod
    def parse(cls, plain: dict[str, Any]) -> FromSlices:
        winner, bar = (Interval(**plain[name]) if plain[name] else None for name in ("winner_auprc", "baseline_auprc"))
        pictures = tuple(Picture(p["title"], p["uri"], tuple(p["patients"])) for p in plain["pictures"])
        return cls(winner, bar, pictures)


def from_slices(found: Found) -> FromSlices:
    """Pictures and intervals of the verdict: those that are kept, if they are its; else the test split is opened.

    Where slices or weights are gone, a reason instead.
    """
    if found.verdict is None or found.winner is None:
        return FromSlices(missing="nothing was tested")
    path, verdict = found.ledger.folder / KEPT, sha256(found.ledger.folder / VERDICT)
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if kept.get("verdict") == verdict:
        return FromSlices.parse(kept["opened"])
    if found.store is None:
        return FromSlices(missing="the prepared slices are no longer there")
    try:
        result = _open(found, found.store, found.verdict, found.winner)
    except UadError as error:
        return FromSlices(missing=f"the weights or the slices cannot be read any more ({error.problems[0].code})")
    write_json(path, {"verdict": verdict, "opened": asdict(result)})
    return result


def _open(found: Found, store: Store, verdict: Verdict, winner: Record) -> FromSlices:
    torch.set_num_threads(found.plan.resources.cpus_per_worker)
    device, healthy = found.plan.resources.device_here, store.read("val", "healthy")
    detector = detector_of(winner, found.ledger, healthy, device)
    bar = Detector(IntensityConfig().build(store.size), verdict.baseline.run.scoring, device).fit(healthy)
    test = open_test(found.ledger, store, "report")
    unfiltered = detector.unfiltered_maps(test)
    maps = detector.filtered(unfiltered, test)
    assert winner.threshold is not None
    pictures = [
        _picture(title, chosen, detector, test, unfiltered, winner.threshold)
        for title, chosen in extremes(verdict.winner.test.patients).items()
    ]
    return FromSlices(_pooled(maps, test), _pooled(bar.anomaly_maps(test), test), tuple(pictures))


def extremes(patients: Sequence[PatientScore]) -> dict[str, list[PatientScore]]:
    """The patients with the highest and with the lowest Dice, up to three of each and nobody twice."""
    judged = sorted((p for p in patients if p.dice is not None), key=lambda p: (-(p.dice or 0.0), p.subject))
    best = judged[: min(ROWS, (len(judged) + 1) // 2)]
    worst = judged[len(best) :][-ROWS:]
    return {title: chosen for title, chosen in {"Highest Dice": best, "Lowest Dice": worst}.items() if chosen}


def _picture(
    title: str,
    chosen: Sequence[PatientScore],
    detector: Detector,
    test: Slices,
    unfiltered: NDArray[np.float32],
    threshold: Fitted,
) -> Picture:
    labels = {patient.subject: f"{pseudonym(patient.subject)}, Dice {patient.dice:.2f}" for patient in chosen}
    rows = [row for row, subject in enumerate(test.subjects.tolist()) if subject in labels]
    shown = test.only(rows)
    named = replace(shown, subjects=np.array([labels[subject] for subject in shown.subjects.tolist()]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "panels.png"
        save_panels(detector, named, unfiltered[rows], threshold, path, ROWS)
        uri = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    return Picture(title, uri, tuple(labels.values()))


def _pooled(maps: NDArray[np.float32], test: Slices) -> Interval | None:
    """The interval of the pooled AUPRC; None where too few patients have a lesion voxel for one."""
    brain, truth = test.brain[:, 0], test.lesion[:, 0]
    voxels = {}
    for subject in np.unique(test.subjects).tolist():
        inside = brain & (test.subjects == subject)[:, None, None]
        voxels[subject] = truth[inside], maps[inside]
    try:
        return pooled_auprc_interval(voxels)
    except DataError:
        return None

"""What a study's models make of slices, through the weights of its trials and uadray's own steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from folder import StudyFolder
from methods import representatives, with_methods
from runs import runs
from scores import Split
from uadray.data.store import Slices
from uadray.errors import Problem, StudyError
from uadray.models.base import Model
from uadray.scoring.detector import Detector
from uadray.scoring.threshold import per_slice
from uadray.study.ledger import Record
from uadray.study.result.held_out import open_test
from uadray.study.result.trained import model_of
from uadray.training.precision import exact_fp32

PURPOSE = "analysis/figures.py"


@dataclass(frozen=True, eq=False)
class Seen:
    """A model's view of slices, all arrays (N, H, W)."""

    method: str
    detector: Detector
    slices: Slices
    maps: NDArray[np.float32]
    """Filtered anomaly scores."""
    thresholds: NDArray[np.float32]
    """Of each slice; the last two axes are 1."""
    segmentation: NDArray[np.bool_]

    @property
    def scored(self) -> NDArray[np.bool_]:
        """The voxels that have a score."""
        inside: NDArray[np.bool_] = self.detector.config.scored(self.slices)
        return inside

    @property
    def relative(self) -> NDArray[np.float32]:
        """Scores as multiples of their threshold, 1 where a lesion begins; scores as they are where it is 0 or less."""
        positive = self.thresholds > 0
        return np.where(positive, self.maps / np.where(positive, self.thresholds, 1), self.maps).astype(np.float32)


def shown(study: Path, trials: list[int] | None = None, tracking_uri: str | None = None) -> pd.DataFrame:
    """The runs to draw: those of the trials that are asked for, else one of each row of Table 1.

    Raises StudyError: UAD-332 for a trial that is not there or not scored, UAD-362 where there is none to choose.
    """
    table = with_methods(runs(study, tracking_uri))
    if not trials:
        return representatives(table, StudyFolder(study))
    for trial in trials:
        if trial not in set(table["trial"]):
            must, do = "the study must have this trial, finished", "Choose another with --trial."
            raise StudyError(Problem("UAD-332", str(study), must, f"trial {trial}", do))
    return table[table["trial"].isin(trials)]


def patients(study: Path, split: Split) -> Slices:
    """The patients' slices; those of test only for a sealed study, and the opening is written down (UAD-331)."""
    folder = StudyFolder(study)
    return (
        open_test(folder.ledger, folder.store(), PURPOSE) if split == "test" else folder.store().read(split, "lesion")
    )


def see(study: Path, runs: pd.DataFrame, slices: Slices) -> Iterator[Seen]:
    """What each run's model makes of the slices, its steps fitted on the study's healthy validation slices as ever."""
    exact_fp32()
    folder = StudyFolder(study)
    healthy = folder.store().read("val", "healthy")
    for _, run in runs.iterrows():
        record, model = trained(folder, int(run["trial"]))
        assert record.threshold is not None  # it is scored
        detector = Detector(model, record.run.scoring).fit(healthy)
        maps = detector.anomaly_maps(slices)
        thresholds = np.asarray(per_slice(record.threshold, maps, slices), np.float32)
        yield Seen(
            method=str(run["method"]),
            detector=detector,
            slices=slices,
            maps=maps,
            thresholds=np.broadcast_to(thresholds, (len(maps), 1, 1)),
            segmentation=detector.segment(maps, slices, record.threshold),
        )


def trained(folder: StudyFolder, trial: int) -> tuple[Record, Model]:
    """A trial's record and its trained model; raises StudyError: UAD-332 for one not scored, UAD-320, UAD-321."""
    record = folder.ledger.record(trial)
    if record is None or record.threshold is None:
        must, do = "a trial must have been scored", "Choose another with --trial."
        raise StudyError(Problem("UAD-332", f"trial {trial}", must, record.status if record else "none", do))
    return record, model_of(record, folder.ledger, folder.store().size)

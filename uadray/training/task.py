"""One trial, and where a worker of it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from uadray.data.store import Slices
from uadray.errors import StudyHalted
from uadray.layout import CHECKPOINTS, PLAN, RECORD, study_id_at
from uadray.remote.mirror import Here, Mirror
from uadray.training.loop import Rank, Wrap


@dataclass(frozen=True)
class Task:
    """One trial: what to train and score, and where its files go."""

    index: int
    run: dict[str, Any]  # a RunConfig as plain values
    size: int  # pixels
    folder: str
    limits: dict[int, float]  # epoch -> highest healthy validation l1 with which it goes on
    trainings: str  # the folder of weights that all trials share
    store: str  # the key of the slices
    painting: dict[str, Any]  # a SyntheticConfig as plain values, of the lesions painted on healthy slices
    threads: int = 1
    mirror: Mirror = Here()  # where else the folders are
    libraries: str = ""  # of the process that runs the study, as `installed` tells them; "" for any

    @property
    def checkpoints(self) -> Path:
        """Where the weights are that the trial was scored with."""
        return Path(self.folder) / CHECKPOINTS

    @property
    def study(self) -> Path:
        """The study's folder."""
        return Path(self.folder).parents[1]

    @property
    def name(self) -> str:
        """Of this trial and no other, also of a study that had the same folder before."""
        return f"{study_id_at(self.study / PLAN)} {self.folder}"

    @property
    def record(self) -> Path:
        """The file that says, once it exists, that the trial is finished."""
        return Path(self.folder) / RECORD


@dataclass(frozen=True)
class Place:
    """Where a worker runs."""

    device: torch.device
    rank: Rank
    wrap: Wrap
    slices: Callable[[str], Slices]  # "train", "val_healthy" or "val_lesion", which may have no rows; raises SlicesLost
    report: Callable[[dict[str, float]], None]


class SlicesLost(StudyHalted):
    """The slices cannot be had any more: who holds them is gone."""

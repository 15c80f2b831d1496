"""The finished trials of a study, as they stand on disk: what is here is never computed again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from uadray.config import RunConfig
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.layout import CHECKPOINTS, PLAN, RECORD, STORES, TRIALS
from uadray.remote.mirror import Here, Mirror
from uadray.scoring import threshold
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.threshold import Fitted

Status = Literal["completed", "stopped", "diverged", "failed"]


@dataclass(frozen=True)
class Record:
    """One finished trial: trained to its end, stopped early by its limits, or failed with a reason."""

    index: int
    status: Status
    run: RunConfig
    curve: tuple[dict[str, float], ...]
    val: Scorecard | None = None
    """Of the validation patients; None where no one labelled a lesion, too."""

    threshold: Fitted | None = None
    """As fitted; None for a trial that was not scored."""

    synthetic: Mapping[str, Any] = field(default_factory=dict)
    """Scores on painted lesions, `dice_mean` and `auprc`, what was painted, and by whose labels."""

    percentiles: Mapping[str, float] = field(default_factory=dict)
    """Mean Dice of the validation patients by the percentile of healthy scores."""

    timing: Mapping[str, float] = field(default_factory=dict)
    """Seconds per slice, by what they include."""

    seconds: float = 0.0
    """What the training takes, whenever its epochs were made."""

    seconds_reused: float = 0.0
    """Of these, those of epochs that another trial had made."""

    training: str = ""
    """The key of the trained weights."""

    parameters: int = 0
    precision: str = ""
    reason: str = ""

    @property
    def losses(self) -> list[float]:
        """Healthy validation l1 by epoch."""
        return [row["val/l1"] for row in self.curve]

    @property
    def seconds_per_slice(self) -> float:
        """Of the model alone, batch 1: the paper's column."""
        return self.timing.get("model", 0.0)

    @property
    def scored(self) -> bool:
        """Whether the trial came as far as its scores, on patients or on painted lesions."""
        return self.val is not None or bool(self.synthetic)

    @property
    def metrics(self) -> dict[str, float]:
        """What a study may optimise; {} for a failed trial, no loss without training, no labels without patients."""
        if not self.scored:
            return {}
        trained = {"val/l1": self.losses[-1]} if self.curve else {}
        patients = {} if self.val is None else {"val/auprc": self.val.auprc, "val/dice_mean": self.val.dice_mean}
        names = {"val/synthetic_dice": "dice_mean", "val/synthetic_auprc": "auprc"}
        synthetic = {metric: self.synthetic[name] for metric, name in names.items() if name in self.synthetic}
        return {
            **patients,
            "val/seconds_per_slice": self.seconds_per_slice,
            "model/parameters": float(self.parameters),
            **synthetic,
            **trained,
        }


@dataclass(frozen=True)
class Ledger:
    """The folder of a study's trials."""

    folder: Path
    mirror: Mirror = Here()
    """Where else it is."""

    @property
    def workspace(self) -> Path:
        """The folder with the studies and their slices."""
        return self.folder.parents[1]

    @property
    def plan(self) -> dict[str, Any]:
        """What the study is, as JSON values; `folder.read_plan` has it as configurations."""
        plan: dict[str, Any] = json.loads((self.folder / PLAN).read_text(encoding="utf-8"))
        return plan

    @property
    def study_id(self) -> str:
        """Of this study and no other, also of one that had its folder before."""
        return str(self.plan["id"])

    @property
    def store_path(self) -> Path:
        """The folder of the study's slices, whether they are still there or not."""
        return self.workspace / STORES / str(self.plan["store"])

    def finding(self, name: str) -> dict[str, Any]:
        """What the study came to, by the name of one of the FINDINGS; {} where it has not come to it."""
        path = self.folder / name
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}

    def trial(self, index: int) -> Path:
        """The folder of one trial."""
        return self.folder / TRIALS / f"{index:04d}"

    def checkpoints(self, index: int) -> Path:
        """The folder of a trial's weights."""
        return self.trial(index) / CHECKPOINTS

    def record(self, index: int) -> Record | None:
        """The trial's record; None while it is not finished."""
        path = self.trial(index) / RECORD
        return _read(path) if path.is_file() else None

    def records(self) -> Iterator[Record]:
        """All finished trials, in their order."""
        for path in sorted(self.folder.glob(f"{TRIALS}/*/{RECORD}"), key=lambda path: int(path.parent.name)):
            yield _read(path)

    def fail(self, index: int, run: RunConfig, reason: str) -> None:
        """Settle a trial whose process died as failed."""
        content = {"index": index, "run": run.plain(), "status": "failed", "reason": reason, "curve": []}
        write_json(self.trial(index) / RECORD, content)


@lru_cache(maxsize=512)  # of 10 000 validation patients a record takes 3.7 MB
def _read(path: Path) -> Record:
    """A record; raises StudyError (UAD-333) for one that another version wrote."""
    try:
        return _parse(path)
    except (TypeError, KeyError, ValueError) as error:
        must, do = (
            "a record must be one that this version writes",
            "Use the version that made it, or run it anew.",
        )
        raise StudyError(Problem("UAD-333", str(path), must, f"{type(error).__name__}: {error}"[:200], do)) from error


def _parse(path: Path) -> Record:
    content: dict[str, Any] = json.loads(path.read_text())
    return Record(
        **{
            **content,
            "run": RunConfig.parse(content["run"]),
            "curve": tuple(content["curve"]),
            "val": Scorecard.parse(content["val"]) if content.get("val") else None,
            "threshold": None if content.get("threshold") is None else threshold.parse(content["threshold"]),
        }
    )

"""Which runs were scored on a split: the ones that a table or figure of scores can be made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer

from folder import BASELINE
from uadray.errors import Problem, StudyError

Split = Literal["val", "test"]
Which = Annotated[Split, typer.Option("--split", help="Whose patients.")]


def scored(study: Path, runs: pd.DataFrame, split: Split) -> pd.DataFrame:
    """The runs with a score on the patients of a split; raises StudyError (UAD-361) where no trial has one."""
    column = f"{split}/auprc"
    found = runs[runs[column].notna()] if column in runs else runs.iloc[:0]
    if (found["trial"] == BASELINE).all():
        must, do = f"a trial must have scores of {split} patients", "Let the study end, or take --split val."
        raise StudyError(Problem("UAD-361", str(study), must, "none", do))
    return found

"""Scans under a model, from the model's name to the table of what was found, and what a person is told meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.console import INCOMPLETE, OUT
from uadray.data.each import Each, one_by_one
from uadray.prediction.runtime import RUNTIMES, Runtime

if TYPE_CHECKING:
    from uadray.bundle.bundle import Bundle
    from uadray.prediction.kept import Outcome
    from uadray.prediction.scans import Wanted


def assess(
    bundle: Bundle,
    scans: Sequence[Wanted],
    out: Path,
    workers: int = 1,
    device: str = "cpu",
    runtime: Runtime = RUNTIMES["torch"],
) -> None:
    """Apply a model to scans, `workers` at a time; raises typer.Exit where some or all of them failed."""
    from uadray.prediction.batch import predict_all
    from uadray.prediction.kept import TABLE

    each: Each = one_by_one
    if workers > 1:
        from uadray.data.mapping import over_cores

        each = over_cores(workers)
    OUT.print(f"runtime: {runtime.words}", highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=OUT, transient=True) as bar:
        going = bar.add_task("assessing scans", total=len(scans))

        def on_scan(outcome: Outcome, known: bool) -> None:
            bar.advance(going)
            for line in _lines(outcome, known):
                bar.console.print(line, style=_style(line, outcome), highlight=False, markup=False, soft_wrap=True)

        outcomes = predict_all(bundle, scans, out, on_scan, each, device, runtime)
    OUT.print(f"results: {out / TABLE}", highlight=False, soft_wrap=True)
    said = "Voxels outside desc-assessed_mask were not assessed; they are not called healthy."
    OUT.print(said, highlight=False, soft_wrap=True)
    if lost := [outcome for outcome in outcomes if outcome.status == "failed"]:
        OUT.print(f"{len(lost)} of {len(outcomes)} scans failed; the table says why.", style="yellow", highlight=False)
        if len(lost) < len(outcomes):
            raise typer.Exit(INCOMPLETE)
        raise typer.Exit(2 if all(outcome.code for outcome in lost) else 1)


def _lines(outcome: Outcome, known: bool) -> list[str]:
    """A scan in a line, and a line for each warning."""
    if outcome.status == "failed":
        return [f"{outcome.scan}: failed. {outcome.reason}"]
    found = f"{outcome.lesions} findings, {outcome.lesion_ml:.2f} ml"
    looked = f"{outcome.slices_assessed} of {outcome.slices_with_brain} slices with brain assessed"
    share = f"{100 * (outcome.brain_share_assessed or 0):.0f} % of the brain"
    again = ", as before" if known else ""
    unlike = ["  unlike the scans that the model knows:"] if outcome.warnings else []
    return [
        f"{outcome.scan}: {found}; {looked}, {share}{again}",
        *unlike,
        *(f"    {each}" for each in outcome.warnings),
    ]


def _style(line: str, outcome: Outcome) -> str:
    if outcome.status == "failed":
        return "red"
    return "yellow" if line.startswith(" ") else ""

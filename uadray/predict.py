"""Apply a model to scans: maps, segmentation and lesion statistics in each scan's own space, as BIDS derivatives.

python -m uadray.predict latent-model scan.nii.gz -o out         a scan
python -m uadray.predict latent:best my_cohort -o out            every FLAIR scan of a BIDS folder
python -m uadray.predict latent-model scans.csv -o out --workers 4
python -m uadray.predict latent-model my_cohort -o out --runtime openvino-bf16

Research use only. Not a medical device.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.bundle.content import NOTICE
from uadray.console import INCOMPLETE, OUT, exit_codes, run
from uadray.prediction.runtime import RUNTIMES, Name

if TYPE_CHECKING:
    from uadray.prediction.batch import Outcome

Model = Annotated[str, typer.Argument(help="Folder of a model or a study; or NAME:best, NAME:TRIAL in the workspace.")]
Scan = Annotated[Path, typer.Argument(help="A scan (.nii, .nii.gz), a BIDS folder, or a table (.csv, .tsv) of scans.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results: new, or one of earlier results.")]
BrainMask = Annotated[Path | None, typer.Option(help="Of a single scan, on its grid.")]
Workspace = Annotated[Path, typer.Option(help="Folder for cohorts, stores, studies and the MLflow database.")]
Device = Annotated[str, typer.Option(help="As PyTorch names it: cpu, cuda, mps.")]


def predict(
    model: Model,
    scan: Scan,
    out: Out,
    brain_mask: BrainMask = None,
    workers: Annotated[int, typer.Option(help="Scans at a time.", min=1)] = 1,
    device: Device = "cpu",
    runtime: Annotated[Name, typer.Option(help="What runs the network: torch as in the study, or faster.")] = "torch",
    workspace: Workspace = Path("runs"),
) -> None:
    """Apply a model to scans and write maps, segmentations and lesion statistics in their own space."""
    with exit_codes():
        OUT.print(NOTICE, highlight=False)
        from uadray.prediction.scans import wanted

        scans = wanted(scan, brain_mask)
        from uadray.bundle.reference import opened
        from uadray.prediction.batch import TABLE, Each, one_by_one, predict_all

        bundle = opened(model, workspace)
        each: Each = one_by_one
        if workers > 1:
            from uadray.data.mapping import over_cores

            each = over_cores(workers)
        OUT.print(f"runtime: {RUNTIMES[runtime].words}", highlight=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=OUT, transient=True) as bar:
            going = bar.add_task("assessing scans", total=len(scans))

            def on_scan(outcome: Outcome, known: bool) -> None:
                bar.advance(going)
                for line in _lines(outcome, known):
                    bar.console.print(line, style=_style(line, outcome), highlight=False, markup=False, soft_wrap=True)

            raw = scan if scan.is_dir() else scan.parent
            outcomes = predict_all(bundle, scans, raw, out, on_scan, each, device, RUNTIMES[runtime])
        OUT.print(f"results: {out / TABLE}", highlight=False, soft_wrap=True)
        said = "Voxels outside desc-assessed_mask were not assessed; they are not called healthy."
        OUT.print(said, highlight=False, soft_wrap=True)
        if lost := [outcome for outcome in outcomes if outcome.status == "failed"]:
            said = f"{len(lost)} of {len(outcomes)} scans failed; the table says why."
            OUT.print(said, style="yellow", highlight=False)
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


if __name__ == "__main__":
    run(predict)

"""Figures 4, 5 and 6 of Baur et al. 2018 from a study's slices and weights.

python analysis/figures.py runs/studies/table1 [-o FOLDER]       fig4_panels, fig5_samples, fig6_residuals
python analysis/figures.py runs/studies/latent --split val       of the validation patients, who chose the winner
python analysis/figures.py runs/studies/latent --trial 2 --trial 3

Test slices are opened only for a study whose winner is sealed, and each opening is a line in its openings.jsonl.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure

import histograms
import panels
import samples
from folder import StudyFolder
from runs import Out, Uri, target
from scores import Split, Which
from seeing import patients, see, shown, trained
from style import save
from uadray.console import ERR, OUT, exit_codes, run
from uadray.errors import StudyError
from uadray.study.workspace.naming import Named

Trials = Annotated[list[int] | None, typer.Option("--trial", help="Trial to show, again for more; else one a row.")]


def patients_figures(
    study: Path, split: Split = "test", trials: list[int] | None = None, tracking_uri: str | None = None
) -> dict[str, Figure]:
    """Fig. 4 and Fig. 6, from one opening of the split: each model sees the patients once."""
    chosen = shown(study, trials, tracking_uri)
    seen = list(see(study, chosen, patients(study, split)))
    return {"fig4_panels": panels.figure(seen), "fig6_residuals": histograms.figure(seen)}


def samples_figure(study: Path, trials: list[int] | None = None, tracking_uri: str | None = None) -> Figure:
    """Fig. 5, which needs no scan; raises StudyError (UAD-365) where no model is generative."""
    folder = StudyFolder(study)
    chosen = shown(study, trials, tracking_uri)
    return samples.figure({str(run["method"]): trained(folder, int(run["trial"]))[1] for _, run in chosen.iterrows()})


def main(study: Named, out: Out = None, split: Which = "test", trial: Trials = None, tracking_uri: Uri = None) -> None:
    """Write Figures 4, 5 and 6 as PDF, SVG and PNG."""
    with exit_codes():
        figures = patients_figures(study, split, trial, tracking_uri)
        try:
            figures["fig5_samples"] = samples_figure(study, trial, tracking_uri)
        except StudyError as error:  # the others can be drawn all the same
            ERR.print(str(error), style="yellow", highlight=False, markup=False, soft_wrap=True)
        folder = target(study, out)
        for name, figure in sorted(figures.items()):
            OUT.print(f"{save(figure, folder, name)}, .pdf, .svg", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)

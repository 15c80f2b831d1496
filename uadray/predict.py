"""Apply a model to scans: maps, segmentation and lesion statistics in each scan's own space, as BIDS derivatives.

python -m uadray.predict latent-model scan.nii.gz -o out         a scan
python -m uadray.predict latent:best new_scans -o out            every FLAIR scan of a BIDS folder
python -m uadray.predict models:/uadray-latent@champion scans.csv -o out --workers 4
python -m uadray.predict latent-model new_scans -o out --runtime openvino-bf16

Research use only. Not a medical device.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.bundle.content import NOTICE
from uadray.console import OUT, exit_codes, run
from uadray.options import Device, TrackingUri, Workspace
from uadray.prediction.runtime import RUNTIMES, Name

Model = Annotated[
    str,
    typer.Argument(help="Folder of a model or a study; NAME:best, NAME:TRIAL in the workspace; models:/NAME@champion."),
]
Scan = Annotated[Path, typer.Argument(help="A scan (.nii, .nii.gz), a BIDS folder, or a table (.csv, .tsv) of scans.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the results: new, or one of earlier results.")]
BrainMask = Annotated[Path | None, typer.Option(help="Of a single scan, on its grid.")]


def predict(
    model: Model,
    scan: Scan,
    out: Out,
    brain_mask: BrainMask = None,
    workers: Annotated[int, typer.Option(help="Scans at a time.", min=1)] = 1,
    device: Device = "cpu",
    runtime: Annotated[Name, typer.Option(help="What runs the network: torch as in the study, or faster.")] = "torch",
    workspace: Workspace = Path("runs"),
    tracking_uri: TrackingUri = None,
) -> None:
    """Apply a model to scans and write maps, segmentations and lesion statistics in their own space."""
    with exit_codes():
        OUT.print(NOTICE, highlight=False)
        from uadray.prediction.scans import wanted

        scans = wanted(scan, brain_mask)
        from uadray.prediction.device import require_device

        require_device(device)
        from uadray.assess import assess
        from uadray.opening import opened

        assess(opened(model, workspace, tracking_uri), scans, out, workers, device, RUNTIMES[runtime])


if __name__ == "__main__":
    run(predict)

"""Write a study's model as one folder that can be copied, opened and applied anywhere.

python -m uadray.export runs/studies/latent -o latent-model     the selected trial
python -m uadray.export latent:7 -o latent-model                trial 7 of a study in the workspace
python -m uadray.export models:/uadray-latent@champion -o latent-model
python -m uadray.export latent-model -o copy                    a model as it is
python -m uadray.export latent -o latent-model --onnx           the reconstruction network as ONNX, too
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.errors import ConfigError, Problem
from uadray.options import TrackingUri, Trial, Workspace

STUDY = "Folder of a study or a model, or NAME of a study in the workspace; with :best, :TRIAL. Or models:/NAME@ALIAS."


def export(
    study: Annotated[str, typer.Argument(help=STUDY)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the model, new or a former model.")],
    trial: Trial = None,
    onnx: Annotated[bool, typer.Option("--onnx", help="Add reconstruction.onnx, held against PyTorch.")] = False,
    workspace: Workspace = Path("runs"),
    tracking_uri: TrackingUri = None,
) -> None:
    """Write a study's model as one folder that can be applied anywhere."""
    with exit_codes():
        from uadray.bundle import reference
        from uadray.bundle.bundle import GRAPH
        from uadray.bundle.onnx_file import require_onnx, write_onnx
        from uadray.bundle.writing import copied, no_graph, require_place, write_bundle
        from uadray.opening import in_registry, opened

        if in_registry(study) or reference.is_model(study):
            refused = ["--trial"] * (trial is not None) + ["--onnx"] * onnx
            if refused:
                must, do = (
                    "a model of the registry or in a folder is copied as it is",
                    "Leave the option out, or name the study.",
                )
                raise ConfigError(Problem("UAD-389", study, must, " and ".join(refused), do))
            require_place(out)
            bundle = copied(opened(study, workspace, tracking_uri), out)
        else:
            ledger, store, record = reference.trial(study, workspace, trial)
            if onnx:
                require_onnx(record.run.model)
            bundle = write_bundle(ledger, store, record, out, write_onnx if onnx else no_graph)
        about = bundle.content
        OUT.print(f"model: {bundle.path}", highlight=False, soft_wrap=True)
        OUT.print(f"{about.description}, trial {about.trial} of {about.study}, {about.origin}", highlight=False)
        if about.graph is not None:
            said = f"{GRAPH}: opset {about.graph.opset}, differs from PyTorch by at most"
            OUT.print(f"{said} {about.graph.largest_difference:.1e} on {about.graph.slices} slices", highlight=False)
        OUT.print(about.notice, highlight=False)


if __name__ == "__main__":
    run(export)

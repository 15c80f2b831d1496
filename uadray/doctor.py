"""Is this machine fit for a study? Versions, GPUs, disk, databases, MLflow, Ray's token; and a cluster's nodes.

    python -m uadray.doctor
    python -m uadray.doctor --workspace /mnt/uadray --address auto
    python -m uadray.doctor --tracking-uri http://127.0.0.1:5000
    python -m uadray.doctor --json

Ends with 1 if there is a problem. Nothing is changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from uadray.cluster.address import checked
from uadray.console import OUT, exit_codes, run

if TYPE_CHECKING:
    from uadray.diagnosis.finding import Finding

COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}
Workspace = Annotated[str, typer.Option(help="Folder of stores and studies, or a URL that a cluster's nodes write to.")]
Address = Annotated[
    str | None, typer.Option(help="Of a running Ray, to ask each of its nodes; auto is this machine's.")
]
Uri = Annotated[str | None, typer.Option(help="MLflow's; else MLFLOW_TRACKING_URI, else SQLite in the workspace.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print findings as JSON, for programs.")]


def doctor(
    workspace: Workspace = "runs", address: Address = None, tracking_uri: Uri = None, as_json: AsJson = False
) -> None:
    """Say what is fit, what is not, and what to do about it."""
    with exit_codes():
        environment, known = dict(os.environ), checked(address)
        from uadray.diagnosis.finding import State
        from uadray.diagnosis.looking import look

        findings = list(look(workspace, known, tracking_uri, environment))
        (_as_json if as_json else _as_table)(findings)
        if any(finding.state is State.PROBLEM for finding in findings):
            raise typer.Exit(1)


def _as_json(findings: Sequence[Finding]) -> None:
    from uadray.diagnosis.paste import to_paste

    lines = [asdict(finding) for finding in findings]
    typer.echo(json.dumps({"findings": lines, "to_paste": to_paste(findings)}, indent=1))


def _as_table(findings: Sequence[Finding]) -> None:
    from uadray.diagnosis.finding import counts
    from uadray.diagnosis.paste import to_paste

    table = Table.grid(padding=(0, 2))
    for finding in findings:
        state = Text(finding.state, style=COLOURS[finding.state])
        table.add_row(state, finding.about, Text.assemble(finding.said, (finding.do and f"\n{finding.do}", "bold")))
    OUT.print(table)
    OUT.print(f"\n{counts(findings)}. For a bug report, without names:\n", highlight=False)
    OUT.print(to_paste(findings), highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(doctor)

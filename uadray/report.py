"""Write a study as one HTML page for people who were not there: offline, printable, without names of patients.

python -m uadray.report runs/studies/latent
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.study.workspace.naming import Named, study_folder

Out = Annotated[Path | None, typer.Option("--out", "-o", help="The page; report.html in the study's unless given.")]


def report(study: Named, out: Out = None) -> None:
    """Write what a study asked, found and may be believed for as one self-contained HTML page."""
    with exit_codes():
        from uadray.files import write_text
        from uadray.reporting.gathering import gather
        from uadray.reporting.page import render

        folder = study_folder(study)
        found = gather(folder)
        before = len(found.openings)
        page = out or folder / "report.html"
        write_text(page, render(found))
        OUT.print(f"report: {page}", highlight=False, soft_wrap=True)
        if len(found.openings) > before:
            OUT.print("The test slices were read for its pictures; openings.jsonl says so.", highlight=False)


if __name__ == "__main__":
    run(report)

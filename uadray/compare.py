"""Compare two studies on the test patients they share, patient by patient.

python -m uadray.compare runs/studies/latent runs/studies/longer                     their winners
python -m uadray.compare runs/studies/latent runs/studies/latent --other 4           two trials of one study
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.study.workspace.naming import Named, study_folders

Trial = Annotated[int | None, typer.Option(help="Trial of the first study; the selected one unless given.", min=0)]
Other = Annotated[int | None, typer.Option(help="Trial of the second study; the selected one unless given.", min=0)]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder; comparisons/ in the first study unless given.")]


def compare(study: Named, second: Named, trial: Trial = None, other: Other = None, out: Out = None) -> None:
    """Print how two studies differ on the same test patients, and write it as Markdown and as JSON."""
    with exit_codes():
        folders = study_folders([study, second])
        from uadray.files import write_json, write_text
        from uadray.study.ledger import Ledger
        from uadray.study.result import two_studies
        from uadray.study.screen.tables import table

        sides = [two_studies.side(Ledger(f.resolve()), n) for f, n in zip(folders, (trial, other), strict=True)]
        found = two_studies.match(*sides)
        n = found.scores["Dice"].n
        shown = table(f"{n} test patients, scores a patient", ("", *found.scores), words=("",))
        scores = [row[1:] for row in two_studies.rows(found)]
        for name, *cells in zip(two_studies.COLUMNS, *scores, strict=True):
            shown.add_row(name, *cells)
        OUT.print(f"1. {found.first.name}\n2. {found.second.name}", highlight=False, soft_wrap=True)
        OUT.print(shown)
        OUT.print(two_studies.EXPLAINED, highlight=False)
        OUT.print(found.same, highlight=False)
        for number, each in enumerate(sides, start=1):
            opened = f"its test split was opened {len(each.openings)} times"
            OUT.print(f"{number}: {each.run.scoring.threshold.origin}; {opened}.", highlight=False, soft_wrap=True)
        name = f"{sides[0].study}-{sides[0].trial}-and-{sides[1].study}-{sides[1].trial}"
        page = (out or folders[0] / "comparisons") / f"{name}.md"
        write_text(page, two_studies.markdown(found))
        write_json(page.with_suffix(".json"), found.plain())
        OUT.print(f"comparison: {page}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(compare)

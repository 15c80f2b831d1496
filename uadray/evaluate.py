"""Score a study's model on any prepared store, patient by patient and lesion by lesion.

python -m uadray.evaluate runs/studies/latent                              the selected trial, the study's test patients
python -m uadray.evaluate runs/studies/latent --store runs/stores/KEY      patients of another cohort
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.console import OUT, exit_codes, run
from uadray.data.subject import Split
from uadray.errors import Problem, StudyError
from uadray.options import Trial
from uadray.study.ledger import Ledger
from uadray.study.result.selection import sealed_trial
from uadray.study.workspace.naming import Named, study_folder

Other = Annotated[Path | None, typer.Option("--store", help="Folder of a store; the study's own unless given.")]
Part = Annotated[Split, typer.Option(help="Whose patients.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the tables; evaluations/ in the study's unless given.")]


def evaluate(
    study: Named,
    trial: Trial = None,
    store: Other = None,
    split: Part = "test",
    out: Out = None,
) -> None:
    """Score a trial's model on the patients of a store and write every patient and every lesion as a line."""
    with exit_codes():
        from uadray.data.store import Store
        from uadray.study.result import evaluation

        ledger = Ledger(study_folder(study).resolve())
        own = Store.open(ledger.store_path)
        number = sealed_trial(ledger) if trial is None else trial
        record = None if number is None else ledger.record(number)
        if record is None:
            must, do = "the study must have this trial, finished", "Wait for it, or choose another with --trial."
            raise StudyError(Problem("UAD-332", ledger.folder.name, must, f"trial {number}", do))
        other = own if store is None else Store.open(store)
        found = evaluation.evaluate(ledger, own, record, other, split)
        folder = out or ledger.folder / "evaluations" / f"trial-{record.index:04d}-{split}-{other.key}"
        found.write(folder)
        card = found.card
        OUT.print(
            f"{record.run.describe()}: {card.scored} patients, Dice {card.dice_mean:.3f} ± {card.dice_std:.3f}, AUPRC"
            f" {card.auprc:.3f} (chance {card.prevalence:.3f}), lesions found {100 * card.lesion_recall:.0f} %",
            highlight=False,
            soft_wrap=True,
        )
        OUT.print(f"tables: {folder}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(evaluate)

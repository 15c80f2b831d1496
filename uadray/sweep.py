"""Search for the model, latent shape, weights and threshold that find the lesions.

    python -m uadray.sweep search_spaces/latent.yaml                      the embedded demo cohort
    python -m uadray.sweep search_spaces/latent.yaml --bids my_cohort     a BIDS folder of skull-stripped FLAIR scans

The same command goes on with a study that was interrupted. Everything is written below --workspace.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from uadray.console import OUT, exit_codes, run
from uadray.data.study_needs import require_lesions, require_parts
from uadray.prepare import Bids, Workspace, prepared
from uadray.study.checking import load
from uadray.study.comparison import write_comparison
from uadray.study.folder import held
from uadray.study.ledger import Record
from uadray.study.machine import start_ray
from uadray.study.progress import Progress
from uadray.study.quiet import log_to
from uadray.study.searcher import SettledSearch
from uadray.study.selection import ending_of, sealed_trial, select
from uadray.study.summary import summary
from uadray.study.tuning import run_trials
from uadray.study.verdict import judge
from uadray.tracking import Tracker


def sweep(
    space: Annotated[Path, typer.Argument(help="Search space, a YAML file.")],
    workspace: Workspace = Path("runs"),
    bids: Bids = None,
) -> None:
    """Search a space, choose by the validation patients, test once."""
    with exit_codes():
        plan = load(space, bids)
        store = prepared(plan.cohort, plan.prepare, workspace, require=require_parts)
        require_lesions(store)
        with held(workspace / "studies" / plan.study, plan, store.key) as ledger, Progress(plan, OUT) as progress:
            log_to(ledger.folder / "log.txt")
            tracker = Tracker(plan, workspace, store.key, ledger.study_id)
            searcher = SettledSearch(plan, ledger, ledger.folder / "optuna.db")

            def finished(record: Record) -> None:
                progress.finished(record)
                tracker.log_trial(record, ledger.trial(record.index))

            for record in ledger.records():
                progress.known(record)
                tracker.log_trial(record, ledger.trial(record.index))
            if sealed_trial(ledger) is None and not searcher.complete:
                start_ray(plan)
                run_trials(plan, store, workspace / "trainings", searcher, progress, finished)
            verdict = judge(plan, ledger, store, select(plan, ledger, store, searcher.ending), progress.tested)
            compared = write_comparison(verdict, ledger)
            tracker.log_verdict(verdict, ledger.folder)
        where = "" if workspace == Path("runs") else f" WORKSPACE={workspace.resolve()}"
        places = {"Files": str(ledger.folder), "MLflow": f"make ui{where}, experiment {tracker.experiment}"}
        OUT.print(f"The search ended: {ending_of(ledger)}.", highlight=False)
        OUT.print(summary(plan, verdict, places))
        if compared is not None:
            OUT.print(Markdown(compared.read_text(encoding="utf-8")))


if __name__ == "__main__":
    run(sweep)

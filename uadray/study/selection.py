"""From finished trials to one configuration, written down before anything is tested."""

from __future__ import annotations

import json

from uadray.data.store import Store
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.study.ledger import Ledger, Record
from uadray.study.plan import StudyConfig


def select(plan: StudyConfig, ledger: Ledger, store: Store, ending: str) -> Record:
    """The best trial by the study's first objective, sealed in selection.json with why the search ended.

    A trial that was stopped early is a candidate with the weights it has: on real scans the healthy loss that stops
    trials and the score that picks one often disagree. Ties go to the earlier trial. A selection that is on disk
    stays. Raises StudyError (UAD-330) when no trial was scored.
    """
    sealed = sealed_trial(ledger)
    if sealed is not None and (record := ledger.record(sealed)) is not None:
        return record
    metric, mode = plan.winner
    sign = 1 if mode == "max" else -1
    records = list(ledger.records())
    ranking = sorted(
        (record for record in records if metric in record.metrics),
        key=lambda record: (-sign * record.metrics[metric], record.index),
    )
    if not ranking:
        reasons = [record.reason for record in records if record.reason] or ["none"]
        must = "a trial must have been scored"
        raise StudyError(Problem("UAD-330", plan.study, must, reasons[-1], "See the reasons in its folder trials/."))
    best = ranking[0]
    selection = {
        "trial": best.index,
        "objective": {metric: mode},
        "run": best.run.plain(),
        "epochs_trained": len(best.curve),
        "metrics": best.metrics,
        "ranking": [record.index for record in ranking],
        "store": store.key,
        "ending": ending,
    }
    write_json(ledger.folder / "selection.json", selection)
    return best


def sealed_trial(ledger: Ledger) -> int | None:
    """The number of the selected trial; None while nothing is selected."""
    path = ledger.folder / "selection.json"
    return int(json.loads(path.read_text())["trial"]) if path.is_file() else None


def ending_of(ledger: Ledger) -> str:
    """Why the search of a sealed study ended."""
    return str(json.loads((ledger.folder / "selection.json").read_text())["ending"])

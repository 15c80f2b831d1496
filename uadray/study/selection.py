"""From finished trials to one configuration, written down before anything is tested."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Literal

from uadray.data.store import Store
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.study.ledger import Ledger, Record
from uadray.study.plan import Metric, StudyConfig

BEST: Mapping[Metric, Literal["min", "max"]] = {
    "val/auprc": "max",
    "val/dice_mean": "max",
    "val/l1": "min",
    "val/seconds_per_slice": "min",
    "val/synthetic_auprc": "max",
    "val/synthetic_dice": "max",
}


def select(plan: StudyConfig, ledger: Ledger, store: Store, ending: str) -> Record:
    """The best trial by the study's first objective, sealed in selection.json with why the search ended.

    A trial that was stopped early is a candidate with the weights it has: on real scans the healthy loss that stops
    trials and the score that picks one often disagree. Ties go to the earlier trial. A selection that is on disk
    stays. Beside it stands, under `would_have_chosen`, the trial that each other metric ranks first, so that a report
    can show how objectives disagree; no test label is read. Raises StudyError (UAD-330) when no trial was scored.
    """
    sealed = sealed_trial(ledger)
    if sealed is not None and (record := ledger.record(sealed)) is not None:
        return record
    metric, mode = plan.winner
    records = list(ledger.records())
    ranking = _ranking(records, metric, mode)
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
        "would_have_chosen": {
            other: rivals[0].index
            for other, best_is in {**BEST, **plan.objectives}.items()
            if other != metric and (rivals := _ranking(records, other, best_is))
        },
        "store": store.key,
        "ending": ending,
    }
    write_json(ledger.folder / "selection.json", selection)
    return best


def _ranking(records: Iterable[Record], metric: Metric, mode: Literal["min", "max"]) -> list[Record]:
    """The records that have a metric, best first; ties go to the earlier trial."""
    sign = 1 if mode == "max" else -1
    scored = (record for record in records if metric in record.metrics)
    return sorted(scored, key=lambda record: (-sign * record.metrics[metric], record.index))


def sealed_trial(ledger: Ledger) -> int | None:
    """The number of the selected trial; None while nothing is selected."""
    path = ledger.folder / "selection.json"
    return int(json.loads(path.read_text())["trial"]) if path.is_file() else None


def ending_of(ledger: Ledger) -> str:
    """Why the search of a sealed study ended."""
    return str(json.loads((ledger.folder / "selection.json").read_text())["ending"])

"""A study's best configurations once more, with several seeds: how much of a rank was luck?"""

from __future__ import annotations

import json
from typing import Any

from uadray.errors import Problem, StudyError
from uadray.layout import SELECTION, VERDICT
from uadray.section import digest
from uadray.study.ledger import Ledger, Record
from uadray.study.result.best import as_trained
from uadray.study.result.selection import sealed_trial
from uadray.study.workspace.folder import read_plan


def retraining(ledger: Ledger, top: int, seeds: int) -> dict[str, Any]:
    """A study, as plain values, of the `top` configurations of a sealed one, each trained with `seeds` seeds.

    They are taken in the order of the selection's ranking, a configuration once, each as far as it was trained. All of
    them are tested, in one opening of the test split; the winner is chosen by the mean over seeds on validation. The
    intensity baseline may score as it did in the former study, where more scorings were tried.
    Raises StudyError: UAD-336 where nothing was selected yet, UAD-333 for a study of another version.
    """
    if sealed_trial(ledger) is None:
        must, do = "a study must have ended before its best are trained again", "Let the search end first."
        raise StudyError(Problem("UAD-336", str(ledger.folder), must, f"no {SELECTION}", do))
    former, _ = read_plan(ledger.folder)
    ranking = ledger.finding(SELECTION)["ranking"]
    runs = _distinct([record for index in ranking if (record := ledger.record(index)) is not None])[:top]
    return {
        **former.plain(),
        "study": f"{former.study[:44]}-top{len(runs)}-seeds{seeds}-{digest(runs)[:4]}",
        "budget": {
            "trials": len(runs),
            "concurrent_trials": former.budget.concurrent_trials,
            "hours": former.budget.hours,
        },
        "repeats": seeds,
        "sampler": {"kind": "grid"},
        "scheduler": {"kind": "none"},
        "enqueue": [],
        "warm_start": None,
        "tested": {"kind": "every_trial"},
        "baseline": [*former.plain()["baseline"], *_former_baseline(ledger)],
        "run": {"choice": runs},
    }


def _former_baseline(ledger: Ledger) -> list[dict[str, Any]]:
    """How the intensity baseline of a study that tested was scored, which its validation patients had chosen."""
    tested = ledger.finding(VERDICT)
    return [tested["baseline"]["run"]["scoring"]] if tested else []


def _distinct(records: list[Record]) -> list[dict[str, Any]]:
    """The runs, best first, without those that differ from a better one in their seed alone."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        run = as_trained(record)
        run["train"]["seed"] = 0
        found.setdefault(json.dumps(run, sort_keys=True), run)
    return list(found.values())

"""From finished trials to one configuration, written down before anything is tested."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from uadray.data.store import Store
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.layout import RECORD, SELECTION, VERDICT
from uadray.study.configurations import Configuration, configurations
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.objectives import BEST, Metric, Mode, merit, non_dominated


def select(plan: StudyConfig, ledger: Ledger, store: Store, ending: str) -> Record:
    """The best configuration's trial by the first objective, sealed in selection.json with why the search ended.

    Only a configuration that keeps the study's constraints can win. One that was repeated is ranked by the mean over
    its trainings, and the training whose objective is the median stands for it: its trial is selected. A trial that was
    stopped early is a candidate with the weights it has: on real scans the healthy loss that stops trials and the score
    that picks one often disagree. Ties go to the earlier one. A selection that is on disk stays. Beside it stand, each
    by the trial that stands for it: under `would_have_chosen` what each other metric ranks first, so that a report can
    show how objectives disagree; under `pareto`, with several objectives, what no other configuration beats in all of
    them; no test label is read. Raises StudyError: UAD-330 when no trial was scored, UAD-334 when none keeps the
    constraints, UAD-337 when the trial of a selection that is on disk is gone.
    """
    if (sealed := sealed_trial(ledger)) is not None:
        return _sealed(ledger, sealed)
    metric, mode = plan.winner
    found = configurations(ledger, plan.repeats)
    scored = _ranking(found, metric, mode)
    if not scored:
        reasons = [record.reason for record in ledger.records() if record.reason] or ["none"]
        must = "a trial must have been scored"
        raise StudyError(Problem("UAD-330", plan.study, must, reasons[-1], "See the reasons in its folder trials/."))
    ranking = [each for each in scored if each.feasible(plan.constraints)]
    if not ranking:
        raise StudyError(_none_feasible(plan, scored))

    def trial(each: Configuration) -> int:
        return each.representative(metric, mode).index

    best = ranking[0].representative(metric, mode)
    selection = {
        "trial": best.index,
        "objective": {metric: mode},
        "run": best.run.plain(),
        "epochs_trained": len(best.curve),
        "metrics": best.metrics,
        "ranking": [trial(each) for each in ranking],
        "infeasible": [trial(each) for each in scored if each not in ranking],
        "would_have_chosen": {
            other: rivals[0].representative(other, best_is).index
            for other, best_is in {**BEST, **plan.objectives}.items()
            if other != metric and (rivals := _ranking(ranking, other, best_is))
        },
        "pareto": [trial(each) for each in _pareto(ranking, plan.objectives)],
        "repeats": _repeats(ranking[0], plan.objectives),
        "store": store.key,
        "ending": ending,
    }
    write_json(ledger.folder / SELECTION, selection)
    return best


def _ranking(found: Iterable[Configuration], metric: Metric, mode: Mode) -> list[Configuration]:
    """The configurations that have a metric, best first; ties go to the earlier one."""
    scored = (each for each in found if each.has(metric))
    return sorted(scored, key=lambda each: (-merit(each.mean(metric), mode), each.number))


def _pareto(found: Iterable[Configuration], objectives: Mapping[Metric, Mode]) -> list[Configuration]:
    """The configurations that no other beats in all of several objectives, in their order; [] for one objective."""
    if len(objectives) == 1:
        return []
    scored = [each for each in found if all(each.has(metric) for metric in objectives)]
    merits = [[merit(each.mean(metric), mode) for metric, mode in objectives.items()] for each in scored]
    return sorted((scored[place] for place in non_dominated(merits)), key=lambda each: each.number)


def _repeats(chosen: Configuration, objectives: Iterable[Metric]) -> dict[Metric, dict[str, Any]]:
    """What the trainings of a configuration reached, each by its trial, and all together."""
    return {
        metric: {
            "mean": chosen.mean(metric),
            "std": chosen.std(metric),
            "values": {str(trial): value for trial, value in chosen.values(metric).items()},
        }
        for metric in objectives
        if chosen.has(metric)
    }


def _none_feasible(plan: StudyConfig, scored: Iterable[Configuration]) -> Problem:
    """What to say of a study in which every configuration breaks a constraint: which came nearest."""

    def beyond(each: Configuration) -> float:
        return sum(
            math.inf if math.isnan(excess) else max(excess, 0.0) for excess in each.excess(plan.constraints).values()
        )

    nearest = min(scored, key=lambda each: (beyond(each), each.number))
    metric, mode = plan.winner
    must = "a trial must keep " + ", ".join(f"{name} {bound}" for name, bound in plan.constraints.items())
    values = ", ".join(f"{name} {nearest.mean(name):.6g}" for name in plan.constraints)
    got = f"trial {nearest.representative(metric, mode).index} comes nearest with {values}"
    return Problem("UAD-334", plan.study, must, got, "Widen the constraints or the space, under another name.")


def _sealed(ledger: Ledger, index: int) -> Record:
    record = ledger.record(index)
    if record is None:
        path, must = ledger.trial(index) / RECORD, "the selected trial must be there"
        do = f"Bring it back; or remove {SELECTION} and {VERDICT}: the same command makes it again and selects anew."
        raise StudyError(Problem("UAD-337", str(path), must, "no such file", do))
    return record


def sealed_trial(ledger: Ledger) -> int | None:
    """The number of the selected trial; None while nothing is selected."""
    found = ledger.finding(SELECTION)
    return int(found["trial"]) if found else None


def ending_of(ledger: Ledger) -> str:
    """Why the search of a sealed study ended."""
    return str(ledger.finding(SELECTION)["ending"])

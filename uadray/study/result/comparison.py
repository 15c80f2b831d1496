"""Methods side by side on the test patients of one study, several trainings of a method taken together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from uadray.config import RunConfig
from uadray.files import write_json, write_text
from uadray.scoring.scorecard import PatientScore, Scorecard
from uadray.scoring.statistics.comparisons import Comparison, compare_with_baseline
from uadray.scoring.statistics.intervals import Interval, interval
from uadray.scoring.statistics.per_patient import Values
from uadray.scoring.statistics.rank_figure import save_ranks
from uadray.scoring.statistics.ranks import rank
from uadray.study.ledger import Ledger
from uadray.study.result.verdict import Verdict

BASELINE = "intensity baseline"


@dataclass(frozen=True)
class Standing:
    """A method on the test patients; a patient's value is the mean over the method's trainings."""

    method: str
    trainings: int
    """That could be scored."""
    attempted: int
    """With those that diverged or failed."""
    dice: Interval
    auprc: Interval
    """Each patient's own, averaged over patients."""
    pooled_auprc: float
    """Of all patients' voxels together, averaged over trainings."""
    pooled_auprc_spread: float
    """Standard deviation over trainings (ddof 1); 0 for one."""
    auprc_by_patient: Values
    against_baseline: Comparison | None
    """Of the patients' AUPRC; None for the baseline itself."""


def standings(verdict: Verdict, ledger: Ledger) -> list[Standing]:
    """Every method that was tested and the intensity baseline, the highest pooled AUPRC first.

    Trials that differ in nothing but the seed of their training are one method. Needs two patients with lesions.
    """
    methods, attempts = _methods(verdict, ledger), _attempts(ledger)
    auprc = {name: _mean(trained, "auprc") for name, trained in methods.items()}
    compared = {c.method: c for c in compare_with_baseline(auprc, BASELINE)} if len(methods) > 1 else {}
    rows = [
        Standing(
            method=name,
            trainings=len(trained),
            attempted=attempts.get(name, len(trained)),
            dice=interval(_mean(trained, "dice")),
            auprc=interval(auprc[name]),
            pooled_auprc=float(np.mean([card.auprc for card in trained])),
            pooled_auprc_spread=float(np.std([card.auprc for card in trained], ddof=1)) if len(trained) > 1 else 0.0,
            auprc_by_patient=auprc[name],
            against_baseline=compared.get(name),
        )
        for name, trained in methods.items()
    ]
    return sorted(rows, key=lambda row: -row.pooled_auprc)


def _methods(verdict: Verdict, ledger: Ledger) -> dict[str, list[Scorecard]]:
    """The scorecards of each method's trainings on the test patients."""
    cards = {verdict.trial: verdict.winner.test, **verdict.others}
    names = _names(ledger)
    methods: dict[str, list[Scorecard]] = {BASELINE: [verdict.baseline.test]}
    for number, card in sorted(cards.items()):
        methods.setdefault(names[number], []).append(card)
    return methods


def _attempts(ledger: Ledger) -> Counter[str]:
    """How many trainings each method had, whatever became of them."""
    return Counter(_names(ledger).values())


def write_comparison(verdict: Verdict, ledger: Ledger) -> Path | None:
    """Write comparison.md and comparison.json into the study's folder; None where there is nothing to compare.

    Three methods or more are ranked by each patient's AUPRC, too: ranks.png is a critical-difference plot.
    """
    if not verdict.others or verdict.winner.test.scored < 2:
        return None
    rows, path = standings(verdict, ledger), ledger.folder / "comparison.md"
    write_json(path.with_suffix(".json"), [asdict(row) for row in rows])
    write_text(path, markdown(rows, verdict, _attempts(ledger)))
    if len(rows) > 2:
        save_ranks(rank({row.method: row.auprc_by_patient for row in rows}), path.with_name("ranks.png"))
    return path


def markdown(rows: list[Standing], verdict: Verdict, attempts: Mapping[str, int]) -> str:
    """The standings as a table for people; below it the methods of which no training could be scored."""
    test = verdict.winner.test
    lines = [
        f"{test.scored} test patients with lesions; prevalence {test.prevalence:.3f}. Intervals are 95 % bootstraps",
        f"over patients. The winner's threshold: {verdict.winner.run.scoring.threshold.kind}. p is of a permutation",
        "test, by Holm.",
        "",
        "| method | trainings | pooled AUPRC | AUPRC a patient | Dice a patient | AUPRC above intensity | p |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        spread = f" ± {row.pooled_auprc_spread:.3f}" if row.trainings > 1 else ""
        against = row.against_baseline
        gain, p = (_short(against.difference), f"{against.permutation_holm:.4f}") if against else ("", "")
        trainings = str(row.trainings) if row.trainings == row.attempted else f"{row.trainings} of {row.attempted}"
        cells = [row.method, trainings, f"{row.pooled_auprc:.3f}{spread}", _short(row.auprc), _short(row.dice)]
        lines.append("| " + " | ".join([*cells, gain, p]) + " |")
    lost = {name: count for name, count in attempts.items() if name not in {row.method for row in rows}}
    lines += ["", *(f"{name}: 0 of {count} trainings could be scored." for name, count in lost.items())] if lost else []
    return "\n".join(lines) + "\n"


def _names(ledger: Ledger) -> dict[int, str]:
    """What each trial's method is called: alike where trials differ in the seed only, told apart where words do not."""
    runs = {record.index: record.run for record in ledger.records()}
    first: dict[str, int] = {}
    for number, run in sorted(runs.items()):
        first.setdefault(_without_seed(run), number)
    words = {number: runs[number].describe() for number in first.values()}
    alike = {number for number, word in words.items() if list(words.values()).count(word) > 1}
    names = {number: f"{word} (trial {number})" if number in alike else word for number, word in words.items()}
    return {number: names[first[_without_seed(run)]] for number, run in sorted(runs.items())}


def _without_seed(run: RunConfig) -> str:
    plain = run.plain()
    plain["train"].pop("seed")
    return json.dumps(plain, sort_keys=True)


def _mean(trained: list[Scorecard], score: str) -> Values:
    """Each patient's mean over trainings; None where there is nothing to judge."""
    patients: dict[str, list[PatientScore]] = {}
    for card in trained:
        for patient in card.patients:
            patients.setdefault(patient.subject, []).append(patient)
    values = {name: [getattr(score_, score) for score_ in scores] for name, scores in patients.items()}
    return {name: None if None in found else float(np.mean(found)) for name, found in values.items()}


def _short(value: Interval) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"

"""Two studies on the same test patients: whose trial is better, by how much, and how sure that is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uadray.config import RunConfig
from uadray.data.store import Store
from uadray.errors import DataError, Problem, StudyError
from uadray.layout import VERDICT
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.statistics.comparisons import Comparison, compare
from uadray.scoring.statistics.paired import holm
from uadray.study.ledger import Ledger
from uadray.study.result.evaluation import evaluate
from uadray.study.result.held_out import openings
from uadray.study.result.selection import sealed_trial
from uadray.study.result.verdict import read_verdict

EXPLAINED = (
    "Each patient's value of 1 minus that of 2: mean with its 95 % bootstrap interval over patients. p is of a"
    " permutation test of the mean and of Wilcoxon's signed-rank test, adjusted for the two scores (Holm). r is the"
    " rank-biserial correlation, 1 when all gain."
)
COLUMNS = ("1", "2", "1 - 2", "better / equal / worse", "r", "p permutation", "p Wilcoxon")
SCORES = {"Dice": "dice", "AUPRC": "auprc"}


@dataclass(frozen=True)
class Side:
    """A tested trial of a study."""

    study: str
    store: str
    cohort: str
    """What the study says of its cohort, as JSON."""
    trial: int
    run: RunConfig
    card: Scorecard
    ledger: Ledger

    @property
    def openings(self) -> list[str]:
        """When the study's test split was opened and for what, up to now."""
        return [f"{opening['at']} {opening['for']} ({opening['group']})" for opening in openings(self.ledger)]

    @property
    def selected(self) -> bool:
        """Whether the study chose this trial, without a test label."""
        return sealed_trial(self.ledger) == self.trial

    @property
    def name(self) -> str:
        """The study, the trial and the run in a few words."""
        return f"{self.study}, trial {self.trial}: {self.run.describe()}"


@dataclass(frozen=True)
class Match:
    """The first side minus the second, by score; `same` says how the patients are known to be the same."""

    first: Side
    second: Side
    scores: Mapping[str, Comparison]
    same: str

    @property
    def adjusted(self) -> dict[str, tuple[float, float]]:
        """Of each score the p-values of the permutation test and of Wilcoxon's, adjusted for both scores (Holm)."""
        found = list(self.scores.values())
        both = holm([c.permutation_p for c in found]), holm([c.wilcoxon_p for c in found])
        return dict(zip(self.scores, zip(*both, strict=True), strict=True))

    def plain(self) -> dict[str, Any]:
        """As JSON values, without a patient's name."""
        return {
            **{place: _plain(side) for place, side in (("first", self.first), ("second", self.second))},
            "patients": self.same,
            "scores": {
                name: {
                    **c.plain(),
                    "permutation_holm": permutation,
                    "wilcoxon_holm": wilcoxon,
                    "family": len(self.scores),
                }
                for (name, c), (permutation, wilcoxon) in zip(self.scores.items(), self.adjusted.values(), strict=True)
            },
        }


def side(ledger: Ledger, trial: int | None) -> Side:
    """The trial of a study with what it reached on the test patients; the selected one for None.

    A trial that was not tested by its study is tested now, which is written down as another opening of the test split.
    Raises StudyError: UAD-351 for a study without a verdict, UAD-332 for a trial that is not there or has no score.
    """
    plan, verdict = ledger.plan, read_verdict(ledger)
    if verdict is None:
        must, do = "a study must have tested its winner before it is compared", "Let it end, on labelled test patients."
        raise StudyError(Problem("UAD-351", str(ledger.folder), must, f"no {VERDICT}", do))
    number = verdict.trial if trial is None else trial
    record = ledger.record(number)
    if record is None:
        must, do = "the study must have this trial, finished", "Choose another with --trial or --other."
        raise StudyError(Problem("UAD-332", str(ledger.folder), must, f"trial {number}", do))
    card = {verdict.trial: verdict.winner.test, **verdict.others}.get(number)
    if card is None:
        own = Store.open(ledger.store_path)
        card = evaluate(ledger, own, record, own, "test").card
    cohort = json.dumps(plan["cohort"], sort_keys=True)
    return Side(plan["study"], plan["store"], cohort, number, record.run, card, ledger)


def match(first: Side, second: Side) -> Match:
    """Compare two sides patient by patient, by Dice and by AUPRC.

    The patients are the same where the slices are, and taken for the same where they have the same ids. Raises
    DataError: UAD-350 where they are not, with who differs; UAD-342 where a score judges a patient on one side only;
    UAD-344 for fewer than two patients.
    """
    ours, theirs = ({patient.subject for patient in each.card.patients} for each in (first, second))
    if ours != theirs:
        must = "two studies must have the same test patients to be compared"
        got = f"only in {first.study}: {_some(ours - theirs)}; only in {second.study}: {_some(theirs - ours)}"
        do = "Evaluate one study's trial on the other's store with uadray.evaluate --store."
        raise DataError(Problem("UAD-350", f"{first.study} and {second.study}", must, got, do))
    names = (f"1. {first.name}", f"2. {second.name}")
    scores = {
        title: compare(
            {name: _values(each.card, score) for name, each in zip(names, (first, second), strict=True)}, *names
        )
        for title, score in SCORES.items()
    }
    return Match(first, second, scores, _sameness(first, second))


def markdown(found: Match) -> str:
    """The comparison as a page for people."""
    first, second = found.first, found.second
    strangers = [each for each in (first, second) if not each.selected]
    lines = [
        f"1. {first.name}",
        f"2. {second.name}",
        "",
        f"{found.scores['Dice'].n} test patients with lesions, scores a patient. {found.same} {EXPLAINED}",
        "",
        f"| score | {' | '.join(COLUMNS)} |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *("| " + " | ".join(row) + " |" for row in rows(found)),
        "",
        f"1: {first.run.scoring.threshold.origin}. 2: {second.run.scoring.threshold.origin}.",
        "",
        *(f"{each.name} was not selected by its study; picked by test scores, it has luck." for each in strangers),
        *(f"The test split of {each.study} was opened: {'; '.join(each.openings)}." for each in (first, second)),
    ]
    return "\n".join(lines) + "\n"


def rows(found: Match) -> list[list[str]]:
    """The cells of the table, a row a score."""
    cells = []
    for name, c in found.scores.items():
        means = [_mean(each.card, SCORES[name]) for each in (found.first, found.second)]
        difference = f"{c.difference.value:+.3f} [{c.difference.low:+.3f}, {c.difference.high:+.3f}]"
        counts = f"{c.better} / {c.equal} / {c.worse}"
        tests = ["< 0.0001" if p < 0.0001 else f"{p:.4f}" for p in found.adjusted[name]]
        cells.append([name, *(f"{m:.3f}" for m in means), difference, counts, f"{c.rank_biserial:+.2f}", *tests])
    return cells


def _sameness(first: Side, second: Side) -> str:
    if first.store == second.store:
        return "Both were tested on the same slices."
    if first.cohort == second.cohort:
        return "The same patients of one cohort, prepared in two ways: the slices differ, too."
    return "The patients have the same ids, but the cohorts are not configured alike: make sure that they are the same."


def _values(card: Scorecard, score: str) -> dict[str, float | None]:
    return {patient.subject: getattr(patient, score) for patient in card.patients}


def _mean(card: Scorecard, score: str) -> float:
    known = [value for value in _values(card, score).values() if value is not None]
    return sum(known) / len(known)


def _some(subjects: set[str], shown: int = 5) -> str:
    names = sorted(subjects)
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more if names else "nobody"


def _plain(side: Side) -> dict[str, Any]:
    threshold = side.run.scoring.threshold.origin
    identity = {"study": side.study, "trial": side.trial, "run": side.run.plain(), "store": side.store}
    means = {score: _mean(side.card, name) for score, name in SCORES.items()}
    return {**identity, "means": means, "threshold": threshold, "selected": side.selected, "openings": side.openings}

"""The result: the winner and the intensity baseline on the test patients, measure by measure, and their difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from uadray.pseudonyms import pseudonym
from uadray.reporting.from_slices import FromSlices
from uadray.reporting.words import Row, Table, between, number, p_value, short
from uadray.scoring.scorecard import PatientScore, Scorecard
from uadray.scoring.statistics.comparisons import Comparison, compare
from uadray.scoring.statistics.intervals import interval
from uadray.scoring.statistics.per_patient import Values
from uadray.study.result.verdict import Contender, Verdict

WINNER, BASELINE = "winner", "intensity baseline"


@dataclass(frozen=True)
class Measure:
    """A number of a contender, with what it means."""

    name: str
    value: Callable[[Contender], str]
    meaning: str
    strong: bool = False


def of_patients(card: Scorecard, score: str) -> Values:
    """A score by patient."""
    return {patient.subject: getattr(patient, score) for patient in card.patients}


def with_interval(values: Values) -> str:
    """The mean over patients, with its bootstrap interval where there are two or more."""
    known = [value for value in values.values() if value is not None]
    if len(known) < 2:
        return number(known[0] if known else None)
    return between(interval(values))


def measures(verdict: Verdict, seen: FromSlices) -> Table:
    """Every measure of the winner and the baseline beside its definition."""
    shown = _scores(verdict, seen) + _limits() + _lesions() + _times()
    cells = [(m.name, m.value(verdict.winner), m.value(verdict.baseline), m.meaning) for m in shown]
    rows = [Row(row, strong=m.strong) for row, m in zip(cells, shown, strict=True)]
    return Table(("measure*", "winner", "intensity baseline", "what it is*"), rows)


def _scores(verdict: Verdict, seen: FromSlices) -> list[Measure]:
    def pooled(contender: Contender) -> str:
        found = seen.winner_auprc if contender is verdict.winner else seen.baseline_auprc
        return between(found) if found else number(contender.test.auprc)

    return [
        Measure(
            "Dice, mean over patients",
            lambda c: with_interval(of_patients(c.test, "dice")),
            "2 |found ∩ truth| / (|found| + |truth|) of a patient’s brain voxels, at the threshold; 1 is perfect.",
            strong=True,
        ),
        Measure("standard deviation", lambda c: number(c.test.dice_std), "Of the patients’ Dice."),
        Measure(
            "AUPRC, all patients pooled",
            pooled,
            f"Average precision over all thresholds, over the brain voxels of all patients. Chance has the prevalence,"
            f" {number(verdict.winner.test.prevalence)}.",
            strong=True,
        ),
        Measure(
            "AUPRC, mean over patients",
            lambda c: with_interval(of_patients(c.test, "auprc")),
            "Each patient’s own average precision.",
        ),
        Measure(
            "AUROC, pooled",
            lambda c: number(c.test.auroc),
            "Share of pairs of a lesion voxel and another that are ranked right.",
        ),
        Measure(
            "threshold", lambda c: number(c.test.threshold), "The anomaly score above which a voxel is called lesion."
        ),
    ]


def _limits() -> list[Measure]:
    return [
        Measure(
            "ceiling of the Dice",
            lambda c: number(c.test.ceiling_dice_mean),
            "A limit, no result: what the post-processing (median filter, erosion) leaves of the truth itself.",
        ),
        Measure(
            "upper bound of the Dice",
            lambda c: number(c.test.upper_bound_dice_mean),
            "A limit, no result: the best mean Dice of any one threshold, found with the test labels.",
        ),
    ]


def _lesions() -> list[Measure]:
    def healthy(contender: Contender) -> str:
        found = contender.healthy
        return f"{number(100 * found.share_of_brain, 2)} %" if found else "–"

    def healthy_findings(contender: Contender) -> str:
        return number(contender.healthy.components_per_scan, 1) if contender.healthy else "–"

    return [
        Measure(
            "lesions found (recall)",
            lambda c: f"{number(100 * c.test.lesion_recall, 0)} %",
            "Connected lesions with a voxel that was found; mean over patients.",
        ),
        Measure(
            "findings that are lesions (precision)",
            lambda c: "–" if c.test.lesion_precision is None else f"{number(100 * c.test.lesion_precision, 0)} %",
            "Connected findings that touch a lesion; mean over patients with a finding.",
        ),
        Measure("lesion-wise F1", lambda c: number(c.test.lesion_f1), "Harmonic mean of the two, a patient at a time."),
        Measure(
            "false findings a patient",
            lambda c: number(c.test.false_components_per_scan, 1),
            "Connected findings that touch no lesion.",
        ),
        Measure("false voxels in healthy subjects", healthy, "Share of the brains of healthy test subjects."),
        Measure("false findings a healthy subject", healthy_findings, "Connected findings; every one is false."),
    ]


def _times() -> list[Measure]:
    return [
        Measure(
            "s per slice, model",
            lambda c: short(c.timing.get("model")),
            "One slice through the model to its residual, batch of 1. Papers seldom say what their seconds include.",
        ),
        Measure(
            "s per slice, batch of 32", lambda c: short(c.timing.get("model_of_32")), "The same, 32 slices at a time."
        ),
        Measure(
            "s per slice, whole",
            lambda c: short(c.timing.get("whole")),
            "One slice to its filtered anomaly map: with standardising and median filter, without preparing the scan.",
        ),
    ]


def differences(verdict: Verdict) -> dict[str, Comparison]:
    """Dice and AUPRC of the winner minus the baseline, patient by patient; {} for fewer than two patients."""
    winner, bar = verdict.winner.test, verdict.baseline.test
    if winner.scored < 2:
        return {}
    return {
        title: compare({WINNER: of_patients(winner, score), BASELINE: of_patients(bar, score)}, WINNER, BASELINE)
        for title, score in (("Dice", "dice"), ("AUPRC", "auprc"))
    }


def paired(found: dict[str, Comparison]) -> Table:
    """The differences as a table."""
    columns = (
        "each patient’s*",
        "winner − baseline",
        "patients better / equal / worse",
        "rank-biserial r",
        "p (permutation)",
        "p (Wilcoxon)",
    )
    rows = [
        Row(
            (
                title,
                between(c.difference),
                f"{c.better} / {c.equal} / {c.worse}",
                number(c.rank_biserial, 2),
                p_value(c.permutation_p),
                p_value(c.wilcoxon_p),
            )
        )
        for title, c in found.items()
    ]
    return Table(columns, rows)


def patients(verdict: Verdict) -> Table:
    """Every test patient, by the winner's Dice, the best first; those that Dice cannot judge last."""
    bar = {patient.subject: patient for patient in verdict.baseline.test.patients}
    columns = ("patient*", "lesion voxels", "Dice", "baseline", "AUPRC", "baseline", "lesions found", "false findings")
    ordered = sorted(verdict.winner.test.patients, key=lambda p: (p.dice is None, -(p.dice or 0.0), p.subject))
    return Table(columns, [Row(_patient(patient, bar.get(patient.subject))) for patient in ordered])


def _patient(own: PatientScore, bar: PatientScore | None) -> tuple[str, ...]:
    return (
        pseudonym(own.subject),
        str(own.lesion_voxels),
        number(own.dice),
        number(bar.dice if bar else None),
        number(own.auprc),
        number(bar.auprc if bar else None),
        f"{own.lesions_found} of {own.lesions}",
        str(own.false_components),
    )

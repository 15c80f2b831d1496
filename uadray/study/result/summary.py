"""A study's result on one screen, beside the baseline it has to beat."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from uadray.scoring.statistics.intervals import interval
from uadray.study.design.labels import choice
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.result.verdict import Contender, Verdict
from uadray.study.screen.tables import table


def summary(plan: StudyConfig, verdict: Verdict, places: dict[str, str]) -> RenderableType:
    """The winner and the intensity baseline on the test patients, and where everything is."""
    test = verdict.winner.test
    columns = ("", "Dice mean ± std", "AUPRC", "threshold", "s/slice")
    shown = table(f"{test.scored} test patients, scored once", columns, words=("",))
    shown.add_row(*_row(f"trial {verdict.trial}: {verdict.winner.run.describe()}", verdict.winner))
    shown.add_row(*_row("intensity baseline", verdict.baseline))
    shown.add_row("chance", "", f"{test.prevalence:.3f}", "", "")
    gain = test.auprc - verdict.baseline.test.auprc
    words = "above" if gain > 0 else "below"
    lines = [
        choice(plan, verdict.winner.val.scored if verdict.winner.val else 0),
        f"AUPRC {abs(gain):.3f} {words} the intensity baseline.",
        *_limits(verdict.winner),
        f"Voxels in the brain, all patients pooled for AUPRC; {verdict.winner.run.scoring.threshold.origin}.",
        *(f"{name}: {place}" for name, place in places.items()),
    ]
    return Group(shown, Text("\n".join(lines)))


def untested(plan: StudyConfig, best: Record, places: dict[str, str]) -> RenderableType:
    """What was selected in a study that has no patient to test it on, and where everything is."""
    metric = plan.winner[0]
    lines = [
        f"trial {best.index}: {best.run.describe()}, {metric} {best.metrics[metric]:.4g}",
        choice(plan, best.val.scored if best.val else 0),
        "Nothing could be tested: no test patient has a labelled lesion in the slices.",
        *(f"{name}: {place}" for name, place in places.items()),
    ]
    return Text("\n".join(lines))


def _limits(winner: Contender) -> list[str]:
    """How sure the winner's numbers are, what bounds them, and what it finds where nothing is."""
    test = winner.test
    lines = []
    if test.scored > 1:
        dices = {patient.subject: patient.dice for patient in test.patients}
        lines.append(f"Dice {interval(dices):.3f} patients (95 % bootstrap interval).")
    lines.append(
        f"At most {test.ceiling_dice_mean:.3f} survive the post-processing; {test.upper_bound_dice_mean:.3f} would be"
        " the best of any threshold (an upper bound, no result)."
    )
    lines.append(
        f"Lesions found: {100 * test.lesion_recall:.0f} % (mean over patients), with"
        f" {test.false_components_per_scan:.1f} false findings a patient."
    )
    if winner.healthy is not None:
        share = 100 * winner.healthy.share_of_brain
        lines.append(f"In {winner.healthy.scans} healthy test subjects {share:.1f} % of the brain is called lesion.")
    return lines


def _row(name: str, contender: Contender) -> tuple[str, ...]:
    test = contender.test
    return (
        name,
        f"{test.dice_mean:.3f} ± {test.dice_std:.3f}",
        f"{test.auprc:.3f}",
        f"{test.threshold:.3f}",
        f"{contender.timing['model']:.4f}",
    )

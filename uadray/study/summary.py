"""A study's result on one screen, beside the baseline it has to beat."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from uadray.study.plan import StudyConfig
from uadray.study.verdict import Contender, Verdict


def summary(plan: StudyConfig, verdict: Verdict, places: dict[str, str]) -> RenderableType:
    """The winner and the intensity baseline on the test patients, and where everything is."""
    test = verdict.winner.test
    table = Table(title=f"{test.scored} test patients, scored once", title_justify="left")
    for column in ("", "Dice mean ± std", "AUPRC", "threshold", "s/slice"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    table.add_row(*_row(f"trial {verdict.trial}: {verdict.winner.run.describe()}", verdict.winner))
    table.add_row(*_row("intensity baseline", verdict.baseline))
    table.add_row("chance", "", f"{test.prevalence:.3f}", "", "")
    gain = test.auprc - verdict.baseline.test.auprc
    words = "above" if gain > 0 else "below"
    lines = [
        f"Chosen by {plan.winner[0]} on {verdict.winner.val.scored} other patients.",
        f"AUPRC {abs(gain):.3f} {words} the intensity baseline.",
        "Voxels in the brain, all patients pooled for AUPRC; threshold from healthy validation subjects.",
        *(f"{name}: {place}" for name, place in places.items()),
    ]
    return Group(table, Text("\n".join(lines)))


def _row(name: str, contender: Contender) -> tuple[str, ...]:
    test = contender.test
    return (
        name,
        f"{test.dice_mean:.3f} ± {test.dice_std:.3f}",
        f"{test.auprc:.3f}",
        f"{test.threshold:.3f}",
        f"{contender.timing['model']:.4f}",
    )

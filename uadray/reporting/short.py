"""A study in a few sentences and numbers, for who reads no further."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from uadray.reporting.from_slices import FromSlices
from uadray.reporting.gathering import Found
from uadray.reporting.result import differences, of_patients, with_interval
from uadray.reporting.words import MEANING, counted, listed, number, of_metric
from uadray.study.ledger import Status
from uadray.study.result.verdict import Verdict

STATUSES: Mapping[Status, str] = {
    "completed": "completed",
    "stopped": "stopped early",
    "diverged": "diverged",
    "failed": "failed",
}


class Tile(NamedTuple):
    """A number that stands out."""

    name: str
    value: str
    note: str


def ending(found: Found) -> str:
    """How the study ended, or how far it is."""
    if found.selection:
        return f"The search ended because {found.selection['ending']}."
    state = f" {found.state}." if found.state else ""
    return f"The study has not ended, nothing is selected and nothing is tested.{state}"


def trials(found: Found) -> str:
    """What became of the trials."""
    if not found.records:
        return "No trial is finished."
    statuses = Counter(record.status for record in found.records)
    parts = [f"{statuses[status]} {words}" for status, words in STATUSES.items() if statuses[status]]
    return f"{counted(len(found.records), 'trial')}: {listed(parts)}."


def chosen(found: Found) -> str:
    """Who was selected and by what."""
    winner = found.winner
    if winner is None:
        return ""
    value = of_metric(found.objective, winner.metrics.get(found.objective))
    return f"Trial {winner.index} ({winner.run.describe()}) was selected by the {MEANING[found.objective]}: {value}."


def against_baseline(verdict: Verdict) -> list[str]:
    """Whether the test patients tell the winner from the intensity baseline, for each score in a sentence."""
    sentences = []
    for name, found in differences(verdict).items():
        value = f"{number(found.difference.value)} [{number(found.difference.low)}, {number(found.difference.high)}]"
        if found.difference.low > 0:
            said = "the winner is above the intensity baseline"
        elif found.difference.high < 0:
            said = "the winner is below the intensity baseline"
        else:
            said = "these patients do not tell the winner from the intensity baseline"
        sentences.append(f"By each patient’s {name}, {said}: {value}, n = {found.n}.")
    return sentences


def tiles(found: Found, seen: FromSlices) -> list[Tile]:
    """The numbers of the test; [] where nothing was tested."""
    verdict = found.verdict
    if verdict is None:
        return []
    test, bar = verdict.winner.test, verdict.baseline.test
    auprc = seen.winner_auprc
    ends = f"[{number(auprc.low)}, {number(auprc.high)}]; " if auprc else ""
    dice = with_interval(of_patients(test, "dice")).partition(" ")[2]
    healthy = verdict.winner.healthy
    false = f"{number(100 * healthy.share_of_brain, 1)} % of healthy brains called lesion" if healthy else "a patient"
    return [
        Tile("Dice", number(test.dice_mean), f"{dice}; baseline {number(bar.dice_mean)}".lstrip("; ")),
        Tile("AUPRC", number(test.auprc), f"{ends}baseline {number(bar.auprc)}, chance {number(test.prevalence)}"),
        Tile("Lesions found", f"{number(100 * test.lesion_recall, 0)} %", "mean over patients"),
        Tile("False findings", number(test.false_components_per_scan, 1), f"a patient; {false}" if healthy else false),
        Tile("Test patients", str(test.scored), "with a lesion in their slices, used for nothing before"),
    ]

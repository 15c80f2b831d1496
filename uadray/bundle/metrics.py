"""What a trial reached, with intervals over patients, as a model file tells it."""

from __future__ import annotations

from collections.abc import Mapping

from uadray.bundle.content import Score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.statistics.intervals import interval
from uadray.study.ledger import Ledger, Record
from uadray.study.result.verdict import read_verdict


def metrics(ledger: Ledger, record: Record) -> dict[str, Score]:
    """The trial's scores on validation patients, and on test patients where its study tested it.

    The test split is not opened: what stands in test.json is read.
    """
    found = {} if record.val is None else _scores("val", record.val)
    verdict = read_verdict(ledger)
    if verdict is None:
        return found
    if verdict.trial == record.index:
        found |= _scores("test", verdict.winner.test)
        if verdict.winner.healthy is not None:
            share, scans = verdict.winner.healthy.share_of_brain, verdict.winner.healthy.scans
            found["test/healthy_share_of_brain"] = Score(value=share, n=scans)
        found["test/baseline_auprc"] = Score(value=verdict.baseline.test.auprc, n=verdict.baseline.test.scored)
        found["test/baseline_dice_mean"] = _mean(_dices(verdict.baseline.test))
    elif record.index in verdict.others:
        found |= _scores("test", verdict.others[record.index])
    return found


def _scores(split: str, card: Scorecard) -> dict[str, Score]:
    recalls = {each.subject: each.lesions_found / each.lesions for each in card.patients if each.lesions}
    return {
        f"{split}/dice_mean": _mean(_dices(card)),
        f"{split}/lesion_recall": _mean(recalls),
        f"{split}/auprc": Score(value=card.auprc, n=card.scored),
        f"{split}/prevalence": Score(value=card.prevalence, n=card.scored),
        f"{split}/false_components_per_scan": Score(value=card.false_components_per_scan, n=len(card.patients)),
    }


def _dices(card: Scorecard) -> dict[str, float]:
    return {patient.subject: patient.dice for patient in card.patients if patient.dice is not None}


def _mean(values: Mapping[str, float]) -> Score:
    """With an interval where there are two patients or more."""
    if len(values) < 2:
        return Score(value=sum(values.values()) / max(1, len(values)), n=len(values))
    found = interval(values)
    return Score(value=found.value, low=found.low, high=found.high, n=found.n)

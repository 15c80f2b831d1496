"""How a search went, as tables: every trial, what other objectives would have chosen, and what was lost."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from scipy import stats

from uadray.reporting.gathering import Found
from uadray.reporting.privacy import anonymous
from uadray.reporting.words import SHORT, Row, Table, between, number, of_metric, p_value
from uadray.scoring.scorecard import Scorecard
from uadray.study.ledger import Record
from uadray.study.objectives import BEST, Metric, Mode, merit
from uadray.study.result.comparison import Standing

LOST = ("diverged", "failed")


def ranking(found: Found) -> list[Record]:
    """Who could have won, best first: as sealed, else by the objective so far."""
    if found.selection:
        return [record for index in found.selection["ranking"] if (record := found.record(index)) is not None]
    return sorted(found.scored, key=lambda r: (-merit(r.metrics[found.objective], found.mode), r.index))


def tested(found: Found) -> dict[int, Scorecard]:
    """What each trial reached on the test patients; {} where the winner alone was tested."""
    verdict = found.verdict
    return {verdict.trial: verdict.winner.test, **verdict.others} if verdict and verdict.others else {}


def trials(found: Found) -> Table:
    """Every finished trial in its order."""
    cards = tested(found)
    metrics = list(dict.fromkeys([*found.plan.objectives, *found.plan.constraints, "val/auprc", "val/dice_mean"]))
    shown = [metric for metric in metrics if any(metric in record.metrics for record in found.records)]
    seeds = len({record.run.train.seed for record in found.records}) > 1
    columns = [
        "trial",
        "model*",
        "status*",
        *(["seed"] if seeds else []),
        "epochs",
        *(SHORT[metric] for metric in shown),
    ]
    columns += ["test AUPRC", "test Dice"] if cards else []
    rows = []
    for record in found.records:
        cells = [str(record.index), record.run.describe(), record.status]
        cells += [str(record.run.train.seed)] if seeds else []
        cells += [str(len(record.curve))]
        cells += [of_metric(metric, record.metrics.get(metric)) for metric in shown]
        card = cards.get(record.index)
        cells += [number(card.auprc if card else None), number(card.dice_mean if card else None)] if cards else []
        selected = found.winner is not None and record.index == found.winner.index
        rows.append(Row(cells, record.index, selected))
    return Table(columns, rows)


def other_objectives(found: Found) -> Table:
    """By each other metric: whom it ranks first, what that trial is worth, and how alike the two rankings are."""
    cards = tested(found)
    own = found.objective
    columns = ["metric*", "would choose*", f"its {SHORT[own]}", "rank correlation"]
    columns += ["its test AUPRC", "its test Dice"] if cards else []
    modes: dict[Metric, Mode] = {**BEST, **found.plan.objectives}
    choices: dict[Metric, int] = {own: found.selection["trial"], **found.selection["would_have_chosen"]}
    rows = []
    for metric, index in choices.items():
        record = found.record(index)
        if record is None:
            continue
        rho, n = agreement(found.scored, metric, modes[metric], own, found.mode)
        shown = "the objective itself" if metric == own else f"{number(rho, 2)} (n = {n})"
        cells = [metric, f"trial {index}: {record.run.describe()}", of_metric(own, record.metrics.get(own)), shown]
        card = cards.get(index)
        cells += [number(card.auprc if card else None), number(card.dice_mean if card else None)] if cards else []
        rows.append(Row(cells, index, metric == own))
    return Table(columns, rows)


def agreement(
    records: Sequence[Record], first: Metric, first_mode: Mode, second: Metric, second_mode: Mode
) -> tuple[float | None, int]:
    """Spearman's rank correlation of two metrics over the trials that have both, and how many these are.

    1 is the same order, better first; None for fewer than three trials, and where a metric does not vary.
    """
    both = [record.metrics for record in records if {first, second} <= record.metrics.keys()]
    ours, theirs = ([merit(m[name], mode) for m in both] for name, mode in ((first, first_mode), (second, second_mode)))
    return _spearman(ours, theirs), len(both)


def validation_and_test(found: Found) -> tuple[float | None, int]:
    """How far the objective's order of the tested trials is that of their test Dice."""
    cards = {
        index: card
        for index, card in tested(found).items()
        if (r := found.record(index)) and found.objective in r.metrics
    }
    merits = {record.index: merit(record.metrics[found.objective], found.mode) for record in found.scored}
    return _spearman([merits[index] for index in cards], [card.dice_mean for card in cards.values()]), len(cards)


def _spearman(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    if len(ours) < 3:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        rho = float(stats.spearmanr(ours, theirs).statistic)
    return rho if rho == rho else None


def pareto(found: Found) -> Table:
    """The configurations that no other beats in all objectives; no row where there is one objective."""
    objectives = list(found.plan.objectives)
    chosen = [record for index in found.selection.get("pareto", []) if (record := found.record(index)) is not None]
    rows = [
        Row(
            [str(r.index), r.run.describe(), *(of_metric(metric, r.metrics.get(metric)) for metric in objectives)],
            r.index,
            r.index == found.selection["trial"],
        )
        for r in chosen
    ]
    return Table(["trial", "model*", *(SHORT[metric] for metric in objectives)], rows)


def lost(found: Found) -> Table:
    """The trials without a score, each with its reason."""
    rows = [
        Row((str(r.index), r.run.describe(), r.status, anonymous(r.reason) or "no reason was written"), r.index)
        for r in found.records
        if r.status in LOST
    ]
    return Table(("trial", "model*", "status*", "reason*"), rows)


def standings(rows: Sequence[Standing]) -> Table:
    """Every method that was tested, the highest pooled AUPRC first."""
    columns = (
        "method*",
        "trainings",
        "AUPRC, pooled",
        "AUPRC a patient",
        "Dice a patient",
        "AUPRC above the baseline",
        "p (Holm)",
    )
    return Table(columns, [Row(_standing(row), strong=row.against_baseline is None) for row in rows])


def _standing(row: Standing) -> tuple[str, ...]:
    trainings = str(row.trainings) if row.trainings == row.attempted else f"{row.trainings} of {row.attempted}"
    spread = f" ± {number(row.pooled_auprc_spread)}" if row.trainings > 1 else ""
    against = row.against_baseline
    return (
        row.method,
        trainings,
        f"{number(row.pooled_auprc)}{spread}",
        between(row.auprc),
        between(row.dice),
        between(against.difference) if against else "–",
        p_value(against.permutation_holm) if against else "–",
    )

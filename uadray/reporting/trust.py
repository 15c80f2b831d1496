"""How far a study may be believed: what could have leaked into its result, and what to be careful about."""

from __future__ import annotations

from collections.abc import Iterator

from uadray.reporting.gathering import Found
from uadray.reporting.search import agreement
from uadray.reporting.words import Row, Table, counted, listed, number, of_metric, sentence
from uadray.scoring.synthetic import SyntheticConfig
from uadray.study.design.labels import OF_PATIENTS, PAINTED, labels_for
from uadray.study.ledger import Record
from uadray.study.objectives import merit

FOR = {
    "verdict": "the result: the selected trial, the baseline and whoever else is tested",
    "evaluate": "a later look at a trial, patient by patient",
    "report": "a report’s pictures and intervals of the selected trial",
}
FEW = 20  # patients, below which a BCa interval is clearly too narrow


def openings(found: Found) -> Table:
    """Every reading of the test split, oldest first."""
    rows = []
    for opening in found.openings:
        at, own = opening["at"].replace("T", " ").replace("Z", " UTC"), opening["store"] == found.store_key
        whose = f"{opening['group']}, {opening['split']}{'' if own else ' of another store'}"
        rows.append(Row((at, whose, FOR.get(opening["for"], opening["for"]))))
    return Table(("when*", "whose slices*", "what for*"), rows)


def former_tests(found: Found) -> int:
    """How often the study had ended and been tested before, with a smaller budget; each opened the test split."""
    return len(list(found.ledger.folder.glob("test-*.json")))


def labels_read(found: Found) -> str:
    """What labels were read for, in a sentence."""
    needing = labels_for(found.plan)
    painting: SyntheticConfig = found.plan.painting
    painted = f" Painted lesions took these labels: {painting.shapes.labels}." if found.objective in PAINTED else ""
    if not needing:
        return f"No label was read for the search or the choice.{painted}"
    baseline = " The baseline’s scoring was chosen by the same labels." if found.objective in OF_PATIENTS else ""
    return f"Labels of validation patients were read for {listed(needing)}.{baseline}{painted}"


def cautions(found: Found) -> list[str]:
    """What a reader should hold against the numbers, each in a sentence or two."""
    return [*_of_the_data(found), *_of_the_choice(found), *_of_the_test(found), *_of_the_search(found)]


def _of_the_data(found: Found) -> Iterator[str]:
    if found.plan.cohort.kind == "phantom":
        yield "The scans are made up: the numbers say that the software works, and little of what is found in people."
    if found.plan.cohort.kind == "few":
        yield "Only a few subjects of the cohort were used, to try things out: the numbers say that everything works."
    if found.plan.prepare.train_on.kind != "healthy_subjects":
        yield "Patients stand in for healthy people: “healthy” slices are theirs, away from lesions."


def _of_the_choice(found: Found) -> Iterator[str]:
    winner = found.winner
    if winner is None:
        return
    twins = [record for record in found.scored if _but_for_the_seed(record) == _but_for_the_seed(winner)]
    if len(twins) == 1:
        yield "The winner was trained once, with one seed: another seed gives another number, by how much is not known."
    elif found.plan.repeats == 1:
        reached = listed([of_metric(found.objective, record.metrics[found.objective]) for record in twins])
        yield (
            f"The winner is the best of {len(twins)} trainings that differ in their seed alone ({reached} on"
            " validation): another training of it is likely to be worse."
        )
    if winner.status == "stopped":
        yield f"The winner was stopped early, after {counted(len(winner.curve), 'epoch')} of {winner.run.train.epochs}."
    value = of_metric(found.objective, winner.metrics.get(found.objective))
    yield (
        f"The winner is the best of {counted(len(found.scored), 'scored trial')}, so its validation score"
        f" ({value}) is too good by the luck of that choice; only the test score is a result."
    )
    if found.objective in OF_PATIENTS:
        judged = winner.val.scored if winner.val else 0
        yield (
            f"The choice took the labels of {counted(judged, 'validation patient')}: where nobody has labels, what was"
            " searched cannot be set so."
        )
    yield sentence(winner.run.scoring.threshold.origin)
    if winner.precision == "bf16":
        yield "Trained in bf16, scored in fp32."


def _but_for_the_seed(record: Record) -> dict[str, float | str]:
    return {**record.run.hyperparameters(), "train_seed": 0}


def _of_the_test(found: Found) -> Iterator[str]:
    if found.verdict is None:
        return
    test, bar = found.verdict.winner.test, found.verdict.baseline.test
    if test.scored < FEW:
        yield (
            f"{counted(test.scored, 'test patient')}: bootstrap intervals of so few are too narrow (of 95 % intervals"
            " of skewed values, 84 % hold the truth with 5 patients, 90 % with 10, 93 % with 20)."
        )
    if len(test.patients) > test.scored:
        without = len(test.patients) - test.scored
        whom = counted(without, "test patient")
        yield f"{whom} without a lesion in the slices: no Dice, but their voxels count in the pooled AUPRC."
    if test.auprc < bar.auprc or test.dice_mean < bar.dice_mean:
        worse = {"Dice": test.dice_mean < bar.dice_mean, "AUPRC": test.auprc < bar.auprc}
        behind = [name for name, is_worse in worse.items() if is_worse]
        yield f"The winner is below the intensity baseline in {listed(behind)}: brightness alone does better."
    yield (
        f"AUPRC depends on the prevalence ({number(test.prevalence)} here) and is not to be compared between cohorts,"
        " slices or resolutions."
    )
    yield "Seconds are of the machine the study ran on, with whatever else it did meanwhile."


def _of_the_search(found: Found) -> Iterator[str]:
    if found.plan.scheduler.kind != "none" and found.objective != "val/l1":
        rho, n = agreement(found.scored, "val/l1", "min", found.objective, found.mode)
        known = "" if rho is None else f" Here the rank correlation of the two is {number(rho, 2)} (n = {n})."
        yield f"Trials were stopped by the loss on healthy slices, which is not the objective.{known}"
    if found.importance:
        chosen = "" if found.plan.sampler.kind == "grid" else ", which a sampler chose"
        yield f"The importance of settings is a hint: of {counted(len(found.scored), 'trial')}{chosen}."
    if found.verdict is not None and found.verdict.others:
        yield (
            "Several methods were tested on the same patients: read the adjusted p-values, and take no method for"
            " the best because its test score is the highest."
        )


def spread_of_seeds(found: Found) -> str:
    """What the trainings of the winner's configuration reached on validation; "" for one."""
    values = found.selection.get("repeats", {}).get(found.objective, {})
    if len(values.get("values", {})) < 2:
        return ""
    reached = sorted(values["values"].values(), key=lambda value: merit(value, found.mode))
    mean, std = (of_metric(found.objective, values[name]) for name in ("mean", "std"))
    ends = f"{of_metric(found.objective, reached[0])} to {of_metric(found.objective, reached[-1])}"
    return f"Its {len(reached)} trainings reached {mean} ± {std} on validation ({ends}); the median one was tested."

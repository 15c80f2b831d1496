"""The sealed choice, and what other objectives would have chosen from the same records."""

import json
from dataclasses import asdict

import pytest
from making import made_card

from uadray.config import RunConfig
from uadray.files import write_json
from uadray.study.ledger import Ledger
from uadray.study.plan import StudyConfig
from uadray.study.selection import select

RUN = RunConfig.parse({"model": "sAE3"}).plain()


class Sealed:
    """A store of which a selection may know the name and nothing else."""

    key = "key"


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


def finish(ledger, index, auprc, dice, l1, synthetic=None):
    """Write the record of a trial with these scores."""
    card = asdict(made_card(auprc, dice))
    record = {"index": index, "run": RUN, "status": "completed", "curve": [{"val/l1": l1}], "val": card}
    if synthetic is not None:
        record |= {"synthetic": {"dice_mean": synthetic, "auprc": 1 - synthetic, "prevalence": 0.1}}
    write_json(ledger.trial(index) / "trial.json", {**record, "timing": {"model": 0.1 * (index + 1)}})


def chosen(ledger, objectives):
    plan = {"study": "toy", "cohort": {"kind": "phantom"}, "objectives": objectives, "run": RUN}
    best = select(StudyConfig.parse(plan), ledger, Sealed(), "all trials are done")
    return best.index, json.loads((ledger.folder / "selection.json").read_text())


def test_a_study_can_choose_by_painted_lesions_alone(ledger):
    finish(ledger, 0, auprc=0.9, dice=0.5, l1=0.1, synthetic=0.3)
    finish(ledger, 1, auprc=0.2, dice=0.1, l1=0.2, synthetic=0.6)
    index, selection = chosen(ledger, {"val/synthetic_dice": "max"})
    assert index == 1
    assert selection["objective"] == {"val/synthetic_dice": "max"}
    assert selection["metrics"]["val/synthetic_auprc"] == pytest.approx(0.4)


def test_the_choice_names_what_every_other_metric_would_have_chosen(ledger):
    finish(ledger, 0, auprc=0.9, dice=0.1, l1=0.3, synthetic=0.2)
    finish(ledger, 1, auprc=0.8, dice=0.5, l1=0.2, synthetic=0.3)
    finish(ledger, 2, auprc=0.7, dice=0.2, l1=0.1, synthetic=0.6)
    _, selection = chosen(ledger, {"val/auprc": "max"})
    assert selection["trial"] == 0
    assert selection["would_have_chosen"] == {
        "val/dice_mean": 1,
        "val/l1": 2,
        "val/seconds_per_slice": 0,
        "val/synthetic_auprc": 0,
        "val/synthetic_dice": 2,
    }


def test_the_studys_own_direction_of_a_metric_is_kept(ledger):
    finish(ledger, 0, auprc=0.9, dice=0.1, l1=0.3)
    finish(ledger, 1, auprc=0.8, dice=0.5, l1=0.2)
    _, selection = chosen(ledger, {"val/auprc": "max", "val/l1": "max"})
    assert selection["would_have_chosen"]["val/l1"] == 0


def test_records_without_painted_lesions_are_not_ranked_by_them(ledger):
    finish(ledger, 0, auprc=0.9, dice=0.1, l1=0.3)
    finish(ledger, 1, auprc=0.8, dice=0.5, l1=0.2, synthetic=0.1)
    _, selection = chosen(ledger, {"val/auprc": "max"})
    assert selection["would_have_chosen"]["val/synthetic_dice"] == 1
    assert "val/synthetic_dice" not in ledger.record(0).metrics


def test_equal_scores_go_to_the_earlier_trial_and_a_sealed_choice_stays(ledger):
    finish(ledger, 0, auprc=0.5, dice=0.1, l1=0.3)
    finish(ledger, 1, auprc=0.5, dice=0.1, l1=0.3)
    assert chosen(ledger, {"val/auprc": "max"})[0] == 0
    finish(ledger, 2, auprc=0.9, dice=0.1, l1=0.3)
    assert chosen(ledger, {"val/auprc": "max"})[0] == 0

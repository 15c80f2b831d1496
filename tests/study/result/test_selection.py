"""The sealed choice, and what other objectives would have chosen from the same records."""

import json
from dataclasses import asdict

import pytest
from making import made_card

from uadray.config import RunConfig
from uadray.errors import StudyError
from uadray.files import write_json
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger
from uadray.study.result.selection import select

RUN = RunConfig.parse({"model": "sAE3"}).plain()


class Sealed:
    """A store of which a selection may know the name and nothing else."""

    key = "key"


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


def finish(ledger, index, auprc, dice=0.1, l1=0.3, synthetic=None, parameters=10):
    """Write the record of a trial with these scores."""
    card = asdict(made_card(auprc, dice))
    record = {"index": index, "run": RUN, "status": "completed", "curve": [{"val/l1": l1}], "val": card}
    if synthetic is not None:
        record |= {"synthetic": {"dice_mean": synthetic, "auprc": 1 - synthetic, "prevalence": 0.1}}
    record |= {"parameters": parameters}
    write_json(ledger.trial(index) / "trial.json", {**record, "timing": {"model": 0.1 * (index + 1)}})


def chosen(ledger, objectives, **more):
    plan = {"study": "toy", "cohort": {"kind": "phantom"}, "objectives": objectives, "run": RUN, **more}
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


def test_a_sealed_choice_whose_trial_is_gone_is_not_made_anew(ledger):
    finish(ledger, 0, auprc=0.5)
    finish(ledger, 1, auprc=0.9)
    assert chosen(ledger, {"val/auprc": "max"})[0] == 1
    (ledger.trial(1) / "trial.json").unlink()
    with pytest.raises(StudyError, match="UAD-337"):
        chosen(ledger, {"val/auprc": "max"})


def test_the_smallest_model_can_be_an_objective(ledger):
    finish(ledger, 0, auprc=0.9, parameters=300)
    finish(ledger, 1, auprc=0.5, parameters=200)
    assert chosen(ledger, {"model/parameters": "min"})[0] == 1


def test_what_breaks_a_constraint_cannot_win(ledger):
    for index, (auprc, parameters) in enumerate([(0.9, 300), (0.7, 200), (0.8, 100), (0.6, 50)]):
        finish(ledger, index, auprc=auprc, parameters=parameters)
    bounds = {"model/parameters": {"at_most": 200}, "val/auprc": {"at_least": 0.65}}
    index, selection = chosen(ledger, {"val/auprc": "max"}, constraints=bounds)
    assert index == 2
    assert selection["ranking"] == [2, 1]
    assert selection["infeasible"] == [0, 3]
    assert set(selection["would_have_chosen"].values()) <= {1, 2}


def test_where_nothing_keeps_the_constraints_the_nearest_is_named(ledger):
    for index, (auprc, parameters) in enumerate([(0.9, 300), (0.7, 220), (0.8, 240)]):
        finish(ledger, index, auprc=auprc, parameters=parameters)
    with pytest.raises(StudyError) as raised:
        chosen(ledger, {"val/auprc": "max"}, constraints={"model/parameters": {"at_most": 200}})
    (problem,) = raised.value.problems
    assert problem.code == "UAD-334"
    assert problem.must == "a trial must keep model/parameters at most 200"
    assert problem.got == "trial 1 comes nearest with model/parameters 220"
    assert not (ledger.folder / "selection.json").exists()


def test_with_several_objectives_the_front_of_feasible_trials_is_written_down(ledger):
    for index, (auprc, parameters) in enumerate([(0.9, 300), (0.7, 200), (0.6, 250), (0.5, 100), (0.4, 400)]):
        finish(ledger, index, auprc=auprc, parameters=parameters)
    objectives = {"val/auprc": "max", "model/parameters": "min"}
    assert chosen(ledger, objectives)[1]["pareto"] == [0, 1, 3]


def test_the_front_holds_feasible_trials_only_and_one_objective_has_none(ledger):
    for index, (auprc, parameters) in enumerate([(0.9, 300), (0.7, 200), (0.5, 100)]):
        finish(ledger, index, auprc=auprc, parameters=parameters)
    objectives, bounds = {"val/auprc": "max", "model/parameters": "min"}, {"model/parameters": {"at_most": 250}}
    assert chosen(ledger, objectives, constraints=bounds)[1]["pareto"] == [1, 2]
    (ledger.folder / "selection.json").unlink()
    assert chosen(ledger, {"val/auprc": "max"})[1]["pareto"] == []


def test_repeats_are_ranked_by_their_mean_and_the_median_training_is_selected(ledger):
    for index, auprc in enumerate([0.9, 0.1, 0.3, 0.5, 0.8, 0.6, 0.4, 0.4, 0.4]):
        finish(ledger, index, auprc=auprc)
    index, selection = chosen(ledger, {"val/auprc": "max"}, repeats=3)
    assert index == selection["trial"] == 5
    assert selection["ranking"] == [5, 2, 6]
    found = selection["repeats"]["val/auprc"]
    assert found["values"] == {"3": 0.5, "4": 0.8, "5": 0.6}
    assert found["mean"] == pytest.approx(1.9 / 3)
    assert found["std"] == pytest.approx(0.152753, abs=1e-6)


def test_equal_means_go_to_the_earlier_configuration(ledger):
    for index, auprc in enumerate([0.4, 0.6, 0.6, 0.4]):
        finish(ledger, index, auprc=auprc)
    assert chosen(ledger, {"val/auprc": "max"}, repeats=2)[0] == 0


def test_a_study_whose_trials_all_failed_has_nothing_to_choose_and_says_why(ledger):
    lost = {"index": 0, "run": RUN, "status": "failed", "curve": [], "reason": "out of memory"}
    write_json(ledger.trial(0) / "trial.json", lost)
    with pytest.raises(StudyError, match=r"UAD-330 .*out of memory"):
        chosen(ledger, {"val/auprc": "max"})

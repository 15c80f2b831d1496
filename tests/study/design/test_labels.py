"""What of a study reads the labels of validation patients."""

import pytest

from uadray.study.design.labels import choice, labels_for
from uadray.study.design.plan import StudyConfig

OPTIMUM = {"kind": "validation_optimum"}
PERCENTILE = {"kind": "healthy_percentile", "percentile": {"uniform": [90.0, 99.0]}}


def plan(objectives, threshold=PERCENTILE, shapes="blobs"):
    run = {"model": "sAE3", "scoring": {"threshold": threshold}}
    painting = {"shapes": {"kind": shapes}}
    tree = {"study": "toy", "cohort": {"kind": "phantom"}, "objectives": objectives, "painting": painting, "run": run}
    return StudyConfig.parse(tree)


@pytest.mark.parametrize("metric", ["val/synthetic_dice", "val/synthetic_auprc", "val/l1", "val/seconds_per_slice"])
def test_painted_lesions_the_loss_and_time_need_no_label(metric):
    assert labels_for(plan({metric: "max"})) == []


def test_every_objective_that_reads_labels_is_named_also_beside_one_that_does_not():
    assert labels_for(plan({"val/l1": "min", "val/dice_mean": "max", "val/auprc": "max"})) == [
        "val/dice_mean",
        "val/auprc",
    ]


def test_a_threshold_that_is_fitted_on_labels_is_found_in_any_branch_of_the_space():
    threshold = {"choice": [PERCENTILE, OPTIMUM, {"kind": "scan_percentile"}]}
    assert labels_for(plan({"val/l1": "min"}, threshold)) == ["the threshold validation_optimum"]


def test_lesions_painted_in_the_shape_of_patients_read_labels_and_the_choice_says_so():
    by_patients = plan({"val/synthetic_dice": "max"}, shapes="of_patients")
    assert labels_for(by_patients) == ["the painting of_patients"]
    assert choice(by_patients, 0) == "Chosen by val/synthetic_dice; labels read for it: shapes of validation patients."


def test_the_choice_names_who_judged():
    assert choice(plan({"val/auprc": "max"}), 6) == "Chosen by val/auprc on 6 other patients."
    assert choice(plan({"val/synthetic_dice": "max"}), 6) == "Chosen by val/synthetic_dice; labels read for it: none."
    assert choice(plan({"val/l1": "min"}, shapes="of_patients"), 6) == "Chosen by val/l1; labels read for it: none."

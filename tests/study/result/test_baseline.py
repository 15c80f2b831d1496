"""How the intensity baseline gets its scoring: as the models get theirs."""

from dataclasses import replace

import numpy as np
import pytest
from making import made_slices

from uadray.config import RunConfig
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Record
from uadray.study.result.baseline import best_intensity

HEALTHY, PATIENTS = made_slices(seed=4, lesion=False), made_slices()
TRIED = [
    {"median_filter": size, "threshold": {"kind": "healthy_percentile", "percentile": p}}
    for size in (1, 3, 9)
    for p in (70.0, 98.0)
]


def unasked():
    raise AssertionError("no threshold comes from the training slices")


def chosen(objective, patients=PATIENTS, tried=TRIED, baseline=()):
    run = {"model": "sAE3"}
    plan = {"study": "toy", "cohort": {"kind": "phantom"}, "objectives": {objective: "max"}, "run": run}
    plan = StudyConfig.parse({**plan, "baseline": list(baseline)})
    runs = [RunConfig.parse({**run, "scoring": scoring}) for scoring in tried]
    records = [Record(index, "completed", run, ()) for index, run in enumerate(runs)]
    return best_intensity(plan, records, HEALTHY, patients, unasked)


@pytest.mark.parametrize(("objective", "score"), [("val/auprc", "auprc"), ("val/dice_mean", "dice_mean")])
def test_where_patients_judge_the_models_they_judge_the_baseline(objective, score):
    alone = [getattr(chosen(objective, tried=[scoring])[2], score) for scoring in TRIED]
    assert getattr(chosen(objective)[2], score) == max(alone)
    assert len(set(alone)) > 1


def test_it_may_score_as_no_trial_does_where_the_study_says_so():
    alone = [chosen("val/auprc", tried=[scoring])[2].auprc for scoring in TRIED]
    worst, best = TRIED[alone.index(min(alone))], TRIED[alone.index(max(alone))]
    assert chosen("val/auprc", tried=[worst], baseline=[best])[2].auprc == max(alone) > min(alone)


@pytest.mark.parametrize("objective", ["val/synthetic_dice", "val/synthetic_auprc", "val/l1"])
def test_where_no_label_judges_the_models_none_judges_the_baseline(objective):
    scoring, threshold, card = chosen(objective)
    moved = replace(PATIENTS, lesion=np.roll(PATIENTS.lesion, 7, axis=3) & PATIENTS.brain)
    again = chosen(objective, moved)
    assert again[:2] == (scoring, threshold)
    assert again[2] != card


def test_without_labelled_patients_it_has_a_scoring_and_a_threshold_and_no_scores_of_patients():
    for nobody in (HEALTHY.only([]), replace(PATIENTS, lesion=np.zeros_like(PATIENTS.lesion))):
        scoring, threshold, card = chosen("val/synthetic_dice", nobody)
        assert scoring.threshold.kind == "healthy_percentile"
        assert threshold > 0
        assert card is None

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from uadray.errors import DataError
from uadray.scoring.score import score
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.threshold import ScanPercentile


@pytest.fixture
def maps(patients):
    noise = np.random.default_rng(2).random(patients.images[:, 0].shape)
    return np.where(patients.brain[:, 0], 0.5 * patients.images[:, 0] + 0.4 * noise, 0).astype(np.float32)


def test_dice_is_the_mean_over_patients_and_auprc_pools_their_brains(patients, maps):
    card = score(maps, patients, threshold=0.5)
    brain, truth = patients.brain[:, 0], patients.lesion[:, 0]
    dices = []
    for subject in np.unique(patients.subjects):
        s, t = maps[patients.subjects == subject] > 0.5, truth[patients.subjects == subject]
        dices.append(2 * (s & t).sum() / (s.sum() + t.sum()))
    assert card.dice_mean == pytest.approx(np.mean(dices))
    assert card.dice_std == pytest.approx(np.std(dices))
    assert card.auprc == pytest.approx(average_precision_score(truth[brain], maps[brain]), abs=1e-6)
    assert card.prevalence == pytest.approx(truth[brain].mean())


def test_whole_image_numbers_are_scikit_learns_with_the_background_below_everything(patients, maps):
    lesion = patients.lesion.copy()
    lesion[0, 0, 0, :7] = True  # outside the brain
    card = score(maps, replace(patients, lesion=lesion), 0.5)
    everywhere = np.where(patients.brain[:, 0], maps, -1).ravel()
    truth = lesion[:, 0].ravel()
    assert card.whole_image_auprc == pytest.approx(average_precision_score(truth, everywhere), abs=1e-9)
    assert card.whole_image_auroc == pytest.approx(roc_auc_score(truth, everywhere), abs=1e-9)
    assert card.whole_image_prevalence == pytest.approx(truth.mean())
    assert card.whole_image_auprc < card.auprc


def test_background_alone_leaves_auprc_raises_auroc_and_lowers_prevalence(patients, maps):
    card = score(maps, patients, 0.5)
    assert card.whole_image_auprc == pytest.approx(card.auprc)
    assert card.whole_image_auroc > card.auroc
    assert card.whole_image_prevalence == pytest.approx(card.prevalence * patients.brain.mean())


def test_a_scans_own_threshold_scores_and_its_mean_is_the_headline(patients, maps):
    card = score(maps, patients, ScanPercentile(percentile=90.0))
    own = [np.percentile(maps[rows][patients.brain[rows, 0]], 90) for rows in ([0, 1], [2, 3], [4, 5])]
    assert card.threshold == pytest.approx(np.mean(own), rel=1e-5)
    assert card.dice_mean > 0


def test_the_order_of_patients_does_not_matter(patients, maps):
    order = [4, 5, 0, 1, 2, 3]
    assert score(maps[order], patients.only(order), 0.5) == score(maps, patients, 0.5)


def test_a_patient_without_lesion_in_the_slices_is_listed_but_not_averaged(patients, maps):
    lesion = patients.lesion.copy()
    lesion[:2] = False
    card = score(maps, replace(patients, lesion=lesion), 0.5)
    assert card.patients[0].dice is None
    assert card.patients[0].auprc is None
    assert card.scored == 2
    assert card.dice_mean == pytest.approx(np.mean([p.dice for p in card.patients[1:]]))


def test_lesion_voxels_outside_the_brain_are_counted_and_not_scored(patients, maps):
    lesion = patients.lesion.copy()
    lesion[0, 0, 0, :3] = True
    card = score(maps, replace(patients, lesion=lesion), 0.5)
    assert card.patients[0].lesion_voxels_outside_brain == 3
    within = {name: value for name, value in card.plain().items() if name[:5] != "whole" and name != "patients"}
    assert within.items() <= score(maps, patients, 0.5).plain().items()


def test_patients_without_any_lesion_cannot_be_scored(healthy):
    with pytest.raises(DataError, match="UAD-117"):
        score(healthy.images[:, 0], healthy, 0.5)


def test_a_scorecard_survives_being_written(patients, maps):
    card = score(maps, patients, 0.5)
    assert Scorecard.parse(card.plain()) == card

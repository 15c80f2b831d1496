"""Where a threshold comes from, by name."""

import json
from dataclasses import replace

import numpy as np
import pytest

from uadray.scoring.settings import ScoringConfig
from uadray.scoring.tallies import Tally
from uadray.scoring.threshold import (
    Calibration,
    HealthyFalsePositives,
    HealthyPercentile,
    ScanPercentile,
    TrainingPercentile,
    ValidationOptimum,
    headline,
    parse,
    per_slice,
    plain,
)


def scores(seed=0, scale=1.0):
    return (scale * np.random.default_rng(seed).random(10_000)).astype(np.float32)


def unasked():
    raise AssertionError("what is not needed is not computed")


def calibration(train=unasked, patients=unasked):
    return Calibration(scores(), train, patients)


def test_a_percentile_and_a_rate_of_false_positives_are_two_words_for_one_threshold():
    by_rate, by_percentile = HealthyFalsePositives(rate=0.02), HealthyPercentile(percentile=98.0)
    assert by_rate.fit(calibration()) == pytest.approx(by_percentile.fit(calibration()))
    assert (scores() > by_rate.fit(calibration())).mean() == pytest.approx(0.02, abs=1e-3)


def test_a_percentile_of_training_scores_looks_at_these_alone():
    threshold = TrainingPercentile(percentile=90.0).fit(calibration(train=lambda: scores(1, scale=0.5)))
    assert threshold == pytest.approx(0.45, abs=0.01)


def test_the_optimum_on_validation_patients_is_the_best_that_one_threshold_reaches():
    tally, random = Tally(), np.random.default_rng(2)
    for subject in ("a", "b"):
        truth = random.random(500) < 0.1
        tally.add(subject, (random.random(500) + truth).astype(np.float32), truth)
    threshold = ValidationOptimum().fit(calibration(patients=lambda: tally))

    def dice(t):
        values = []
        for patient in tally.patients().values():
            called, found = (patient.scores() > t).sum(), (patient.lesion > t).sum()
            values.append(2 * found / (called + len(patient.lesion)))
        return np.mean(values)

    assert dice(np.float32(threshold)) >= max(dice(t) for t in np.linspace(0, 2, 200)) - 1e-9


def test_without_a_lesion_voxel_nothing_is_called_lesion():
    tally = Tally()
    tally.add("a", scores(), np.zeros(10_000, np.bool_))
    assert ValidationOptimum().fit(calibration(patients=lambda: tally)) == float("inf")


def two_scans(healthy):
    """Maps of two of the scans, the second with every score doubled."""
    scans = healthy.only([0, 1, 2, 3])
    maps = np.random.default_rng(3).random(scans.images[:, 0].shape, np.float32)
    maps[2:] = 2 * maps[:2]
    return scans, maps


def test_a_scan_that_sets_its_own_threshold_is_called_lesion_by_the_same_share_whatever_its_scores(healthy):
    scans, maps = two_scans(healthy)
    threshold = ScanPercentile(percentile=90.0).fit(calibration())
    found = ScoringConfig().segment(maps, scans, threshold)
    for rows in ([0, 1], [2, 3]):
        share = found[rows].sum() / scans.brain[rows].sum()
        assert share == pytest.approx(0.1, abs=2e-3)
    assert (
        ScoringConfig().segment(maps, scans, 0.95)[2:].sum() > 4 * ScoringConfig().segment(maps, scans, 0.95)[:2].sum()
    )


def test_a_scans_slices_share_their_threshold_and_its_neighbours_do_not_touch_it(healthy):
    scans, maps = two_scans(healthy)
    own = per_slice(ScanPercentile(), maps, scans)
    assert own.shape == (4, 1, 1)
    assert own[0] == own[1] != own[2] == own[3]
    alone = per_slice(ScanPercentile(), maps[2:], scans.only([2, 3]))
    np.testing.assert_array_equal(alone, own[2:])
    order = [3, 0, 2, 1]
    np.testing.assert_array_equal(per_slice(ScanPercentile(), maps[order], scans.only(order)), own[order])


def test_the_headline_of_own_thresholds_is_their_mean_over_scans_that_have_a_brain(healthy):
    scans, maps = two_scans(healthy)
    first = np.percentile(maps[:2][scans.brain[:2, 0]].astype(float), 98)
    assert headline(ScanPercentile(), maps, scans) == pytest.approx(1.5 * first, rel=1e-5)
    assert headline(0.3, maps, scans) == 0.3
    brain = scans.brain.copy()
    brain[:2] = False
    empty = replace(scans, brain=brain)
    assert headline(ScanPercentile(), maps, empty) == pytest.approx(2 * first, rel=1e-5)
    assert not ScoringConfig().segment(maps, empty, ScanPercentile())[:2].any()


@pytest.mark.parametrize("threshold", [0.25, ScanPercentile(percentile=95.0)])
def test_a_fitted_threshold_survives_being_written(threshold):
    assert parse(json.loads(json.dumps(plain(threshold)))) == threshold

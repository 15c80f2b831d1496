"""Where a threshold comes from, by name."""

import numpy as np
import pytest

from uadray.scoring.tallies import Tally
from uadray.scoring.threshold import (
    Calibration,
    HealthyFalsePositives,
    HealthyPercentile,
    TrainingPercentile,
    ValidationOptimum,
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

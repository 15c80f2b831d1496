import json

import numpy as np
import pytest

from uadray.errors import DataError
from uadray.scoring.statistics.intervals import interval
from uadray.scoring.statistics.trainings import over_trainings


def by_seed(of_training, of_patient, trainings=5, patients=12):
    draw = np.random.default_rng(0)
    shifts, hard = draw.normal(0, of_training, trainings), draw.normal(0, of_patient, patients)
    return {seed: {f"sub-{i:02d}": float(0.5 + s + h) for i, h in enumerate(hard)} for seed, s in enumerate(shifts)}


def test_trainings_that_differ_widen_the_spread_and_not_the_interval():
    calm, wild = over_trainings(by_seed(0.001, 0.1)), over_trainings(by_seed(0.1, 0.1))
    assert wild.spread_of_trainings == pytest.approx(100 * calm.spread_of_trainings)
    assert wild.over_patients.high - wild.over_patients.low == pytest.approx(
        calm.over_patients.high - calm.over_patients.low
    )


def test_patients_that_differ_widen_the_interval_and_not_the_spread():
    calm, wild = over_trainings(by_seed(0.05, 0.001)), over_trainings(by_seed(0.05, 0.1))
    assert wild.spread_of_trainings == pytest.approx(calm.spread_of_trainings)
    assert wild.over_patients.high - wild.over_patients.low > 50 * (calm.over_patients.high - calm.over_patients.low)


def test_the_mean_and_the_standard_deviation_are_of_the_mean_of_each_training():
    found = over_trainings({1: {"a": 0.2, "b": 0.4}, 2: {"b": 0.6, "a": 0.4}})
    assert found.mean_of_each_training == pytest.approx((0.3, 0.5))
    assert found.mean_of_trainings == pytest.approx(0.4)
    assert found.spread_of_trainings == pytest.approx(0.2 / np.sqrt(2))
    expected = interval({"a": 0.3, "b": 0.5})
    assert (found.over_patients.low, found.over_patients.high) == pytest.approx((expected.low, expected.high))
    assert found.over_patients.value == pytest.approx(found.mean_of_trainings)


def test_it_says_which_is_which():
    said = str(over_trainings(by_seed(0.05, 0.1)))
    assert "n = 12 patients; standard deviation 0.0" in said
    assert said.endswith("over 5 trainings")
    assert json.loads(json.dumps(over_trainings(by_seed(0.05, 0.1)).plain()))["trainings"] == 5


def test_one_training_has_no_spread():
    with pytest.raises(DataError, match="UAD-344"):
        over_trainings(by_seed(0.1, 0.1, trainings=1))


def test_trainings_are_scored_on_the_same_patients():
    with pytest.raises(DataError, match=r"UAD-342 b.*seed 1 and none of seed 2"):
        over_trainings({1: {"a": 0.2, "b": 0.4, "c": 0.1}, 2: {"a": 0.4, "c": 0.1}})

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from uadray.errors import DataError
from uadray.scoring.statistics.intervals import Interval, bootstrap, interval, pooled_interval

tables = st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=2, max_size=8)


def drawn(n, seed=0):
    return {f"sub-{i:02d}": float(v) for i, v in enumerate(np.random.default_rng(seed).beta(2, 3, n))}


@settings(deadline=None, max_examples=25)
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_patients_does_not_matter(values, random):
    subjects = list(values)
    random.shuffle(subjects)
    assert interval({s: values[s] for s in subjects}, resamples=99) == interval(values, resamples=99)


@settings(deadline=None, max_examples=25)
@given(tables)
def test_an_interval_lies_within_the_values_and_turns_with_their_sign(values):
    found = interval(values, resamples=199)
    turned = interval({s: -v for s, v in values.items()}, resamples=199)
    assert min(values.values()) - 1e-9 <= found.low <= found.high <= max(values.values()) + 1e-9
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-6)


def test_95_percent_intervals_hold_the_true_mean_about_95_times_in_100():
    draw = np.random.default_rng(1)
    found = [bootstrap(draw.beta(2, 3, 40), np.mean, resamples=499, seed=i) for i in range(400)]
    share = np.mean([i.low <= 0.4 <= i.high for i in found])
    assert 0.91 < share < 0.98  # 0.95 less a little for 40 patients; three standard errors are 0.03


def test_a_lower_level_and_more_patients_make_it_narrower():
    def width(found):
        return found.high - found.low

    few = interval(drawn(20))
    assert width(interval(drawn(20), level=0.5)) < 0.5 * width(few)
    assert width(interval(drawn(320))) == pytest.approx(width(few) / 4, rel=0.35)


def test_bca_leans_to_the_long_tail_where_the_percentiles_do_not():
    skewed = np.random.default_rng(0).exponential(size=30)
    found = bootstrap(skewed, np.mean)
    centred = np.quantile(np.random.default_rng(0).choice(skewed, (9999, 30)).mean(axis=1), [0.025, 0.975])
    assert found.method == "BCa"
    assert found.low > centred[0] + 0.01
    assert found.high > centred[1] + 0.03


def test_alike_patients_have_an_interval_of_no_width_by_percentiles():
    found = interval({"a": 0.3, "b": 0.3, "c": 0.3})
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3, 0.3))
    assert (found.n, found.method) == (3, "percentile")


def test_other_statistics_have_intervals_too():
    values = drawn(30)
    median = interval(values, lambda sample: np.median(sample))
    assert median.value == np.median(list(values.values()))
    assert median == interval(values, np.median)


def test_an_interval_is_written_with_its_n():
    found = Interval(0.4123, 0.3456, 0.4711, 75, 0.95, "BCa")
    assert str(found) == "0.41 [0.35, 0.47], n = 75"
    assert f"{found:.3f}" == "0.412 [0.346, 0.471], n = 75"
    assert Interval(**json.loads(json.dumps(found.plain()))) == found


def test_a_pooled_mean_of_one_number_a_patient_has_the_interval_of_the_mean():
    values = drawn(12)
    pooled = pooled_interval({s: [v] for s, v in values.items()}, np.mean, resamples=499)
    plain = interval(values, resamples=499)
    assert (pooled.low, pooled.high, pooled.n) == pytest.approx((plain.low, plain.high, 12))


def test_pooled_auprc_is_resampled_by_patient_and_not_by_voxel():
    draw = np.random.default_rng(0)
    truth = np.arange(30) < 10  # patients differ much, voxels of one little
    patients = {f"sub-{i}": (truth, truth * draw.uniform(0, 4) + draw.normal(size=30)) for i in range(10)}
    voxels = {f"{s}-{i}": (truth[i : i + 1], x[i : i + 1]) for s, (_, x) in patients.items() for i in range(30)}

    def auprc(group):
        return average_precision_score(*(np.concatenate(parts) for parts in zip(*group, strict=True)))

    by_patient, by_voxel = (pooled_interval(group, auprc, resamples=99) for group in (patients, voxels))
    assert by_patient.value == pytest.approx(by_voxel.value) == pytest.approx(auprc(list(patients.values())))
    assert by_patient.high - by_patient.low > 1.3 * (by_voxel.high - by_voxel.low)
    assert by_patient == pooled_interval(dict(reversed(patients.items())), auprc, resamples=99)


def test_a_statistic_that_some_resamples_have_no_value_of_is_refused():
    patients = {"a": 1.0, "b": float("nan"), "c": 2.0}
    with pytest.raises(DataError, match="UAD-343"):
        pooled_interval(patients, np.mean, resamples=99)


def test_a_pool_of_one_patient_has_no_interval():
    with pytest.raises(DataError, match="UAD-344"):
        pooled_interval({"a": [1.0]}, np.mean)

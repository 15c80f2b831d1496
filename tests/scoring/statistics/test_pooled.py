import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from uadray.errors import DataError
from uadray.scoring.statistics.intervals import pooled_interval
from uadray.scoring.statistics.pooled import pooled_auprc_interval


def auprc(group):
    return average_precision_score(*(np.concatenate(parts) for parts in zip(*group, strict=True)))


def brains(voxels, patients=6, decimals=7):
    draw = np.random.default_rng(0)
    for i in range(patients):
        truth = draw.random(voxels) < draw.uniform(0.02, 0.3)
        scores = (truth * draw.uniform(0, 1.5) + draw.exponential(0.5, voxels)).round(decimals)
        yield f"sub-{i}", (truth, scores.astype(np.float32))


@pytest.mark.parametrize("decimals", [7, 1])
def test_it_is_the_interval_of_pooled_voxels_ties_included(decimals):
    patients = dict(brains(60, decimals=decimals))
    counted = pooled_auprc_interval(patients, resamples=99)
    sorted_anew = pooled_interval(patients, auprc, resamples=99)
    assert (counted.value, counted.low, counted.high) == pytest.approx(
        (sorted_anew.value, sorted_anew.low, sorted_anew.high)
    )
    assert counted.n == sorted_anew.n == 6


def test_few_bins_move_it_little():
    patients = dict(brains(20_000))
    exact = auprc(patients.values())
    assert pooled_auprc_interval(patients, resamples=99).value == pytest.approx(exact, rel=1e-3)
    assert pooled_auprc_interval(patients, resamples=99, bins=256).value == pytest.approx(exact, rel=2e-2)


def test_the_order_of_patients_does_not_matter():
    patients = dict(brains(60))
    turned = dict(reversed(patients.items()))
    assert pooled_auprc_interval(turned, resamples=99) == pooled_auprc_interval(patients, resamples=99)


def test_healthy_voxels_of_a_patient_without_lesion_count_but_somebody_must_have_one():
    patients = dict(brains(60))
    healthy = {f"hc-{i}": (np.zeros(60, bool), np.full(60, 5, np.float32)) for i in range(2)}
    lower = pooled_auprc_interval({**patients, **healthy}, resamples=99)
    assert lower.value < pooled_auprc_interval(patients, resamples=99).value
    with pytest.raises(DataError, match=r"UAD-344.*lesion voxels"):
        pooled_auprc_interval(healthy)
    with pytest.raises(DataError, match="UAD-343"):
        pooled_auprc_interval({"sub-0": patients["sub-0"], **healthy})

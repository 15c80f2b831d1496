"""A scan is told from healthy ones by numbers that healthy ones do not have, and not otherwise."""

import numpy as np
import pytest
from making import made_slices

from uadray.scoring.usual import WORDS, Range, expected, measures, usual, warnings


def measured(slices, spacing=(2.0, 2.0, 4.0)):
    maps = np.abs(slices.images[:, 0] - 0.4)
    return measures(slices, spacing, maps, slices.brain[:, 0])


@pytest.fixture(scope="module")
def ranges():
    return usual([measured(made_slices(patients=1, seed=seed, lesion=False)) for seed in range(5)])


def test_every_number_has_words(ranges):
    found = measured(made_slices(lesion=False))
    assert found.keys() == ranges.keys() == WORDS.keys()


def test_numbers_are_those_of_the_brain_in_mm():
    found = measured(made_slices(lesion=False), (1.0, 4.0, 3.0))
    brain = made_slices(lesion=False).brain
    assert found["brain_section_cm2"] == pytest.approx(brain.sum() / len(brain) * 4 / 100)
    assert (found["pixel_mm"], found["slice_mm"]) == (2.0, 3.0)


def test_another_healthy_scan_gives_no_warning_and_a_brighter_one_does(ranges):
    own = made_slices(patients=1, seed=9, lesion=False)
    assert warnings(measured(own), ranges, 0) == []
    brighter = own.__class__(own.images**0.5, own.brain, own.lesion, own.subjects, own.slice_indices)
    said = warnings(measured(brighter), ranges, 0)
    assert any("percentile 50 of the brain's intensities" in sentence for sentence in said)
    assert any("mean residual" in sentence for sentence in said)


def test_ends_are_those_of_a_99_percent_prediction_interval():
    low, high = Range(scans=5, mean=10.0, std=2.0).ends
    assert high - 10 == pytest.approx(4.604 * 2 * 1.2**0.5, rel=1e-3)
    assert low + high == pytest.approx(20)
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(2000):
        *known, other = random.normal(10, 2, 6)
        low, high = Range(scans=5, mean=np.mean(known), std=np.std(known, ddof=1)).ends
        inside += low <= other <= high
    assert inside / 2000 == pytest.approx(0.99, abs=0.01)


def test_a_warning_tells_the_ends_that_it_was_judged_by_and_no_number_that_there_cannot_be():
    ranges = {name: Range(scans=9, mean=0.0, std=1.0) for name in ("residual_mean", "pixel_mm")}
    assert expected("residual_mean", ranges["residual_mean"], -1e6).startswith("-3.5")
    assert expected("residual_mean", ranges["residual_mean"], 0) == expected("pixel_mm", ranges["pixel_mm"], -1e6)
    assert warnings({"residual_mean": -5.0}, ranges, -1e6)[0].count("healthy scans -3.5") == 1
    assert "healthy scans 0 to 3.5" in warnings({"pixel_mm": 5.0}, ranges, -1e6)[0]


def test_few_healthy_scans_judge_nobody():
    assert Range(scans=2, mean=1.0, std=0.1).ends is None
    alone = usual([measured(made_slices(lesion=False))])
    assert warnings(dict.fromkeys(alone, 1e9), alone, 0) == []


def test_numbers_that_never_vary_have_some_slack():
    assert Range(scans=9, mean=2.0, std=0.0).ends == pytest.approx((1.8, 2.2))

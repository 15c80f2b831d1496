import json

import numpy as np
import pytest

from uadray.errors import DataError
from uadray.scoring.statistics.comparisons import compare, compare_all, compare_with_baseline
from uadray.scoring.statistics.paired import holm


@pytest.fixture
def table():
    draw = np.random.default_rng(0)
    hard = draw.beta(2, 3, 30)  # patients differ more than methods do
    gains = {"intensity": 0.0, "ae": 0.01, "vae": 0.06, "dae": 0.1}
    return {
        name: {f"sub-{i:02d}": float(h + gain + draw.normal(0, 0.05)) for i, h in enumerate(hard)}
        for name, gain in gains.items()
    }


def test_a_gain_on_most_patients_is_found_although_patients_differ_more(table):
    found = compare(table, "dae", "intensity")
    assert found.difference.value == pytest.approx(0.1, abs=0.03)
    assert found.difference.low > 0
    assert max(found.permutation_p, found.wilcoxon_p) < 0.001
    assert found.rank_biserial > 0.8
    assert (found.n, found.better + found.equal + found.worse) == (30, 30)


def test_a_comparison_turned_round_says_the_opposite_as_surely(table):
    one, other = compare(table, "vae", "ae"), compare(table, "ae", "vae")
    assert other.difference.value == -one.difference.value
    assert (other.better, other.worse) == (one.worse, one.better)
    assert (other.permutation_p, other.wilcoxon_p) == pytest.approx((one.permutation_p, one.wilcoxon_p))
    assert (other.difference.low, other.difference.high) == pytest.approx((-one.difference.high, -one.difference.low))


def test_a_method_does_not_differ_from_itself(table):
    found = compare(table, "ae", "ae")
    assert (found.permutation_p, found.wilcoxon_p, found.rank_biserial, found.equal) == (1, 1, 0, 30)
    assert (found.difference.low, found.difference.value, found.difference.high) == (0, 0, 0)


def test_the_order_of_patients_does_not_matter(table):
    turned = {name: dict(reversed(values.items())) for name, values in table.items()}
    assert compare_all(turned) == compare_all(table)


def test_all_pairs_are_one_family_and_each_test_is_corrected_for_itself(table):
    found = compare_all(table)
    assert [(c.method, c.other) for c in found][:3] == [("intensity", "ae"), ("intensity", "vae"), ("intensity", "dae")]
    assert {c.family for c in found} == {6}
    assert [c.permutation_holm for c in found] == holm([c.permutation_p for c in found])
    assert [c.wilcoxon_holm for c in found] == holm([c.wilcoxon_p for c in found])


def test_against_a_baseline_the_family_is_smaller_and_the_correction_milder(table):
    found = compare_with_baseline(table, "intensity")
    assert [(c.method, c.other) for c in found] == [("ae", "intensity"), ("vae", "intensity"), ("dae", "intensity")]
    among_all = {frozenset((c.method, c.other)): c for c in compare_all(table)}
    for c in found:
        assert c.permutation_holm <= among_all[frozenset((c.method, c.other))].permutation_holm
    assert "dae - intensity: 0." in str(found[-1])
    assert "by Holm of 3" in str(found[-1])


def test_patients_that_no_method_is_judged_on_are_left_out(table):
    with_none = {name: {**values, "sub-99": None} for name, values in table.items()}
    assert compare_all(with_none) == compare_all(table)


def test_methods_that_were_scored_on_other_patients_are_refused(table):
    del table["vae"]["sub-03"]
    with pytest.raises(DataError, match=r"UAD-342 sub-03.*a value of intensity and none of vae"):
        compare_all(table)
    with pytest.raises(DataError, match="UAD-342 sub-03"):
        compare(table, "vae", "dae")


def test_a_baseline_that_was_not_scored_is_refused(table):
    with pytest.raises(DataError, match="UAD-342 f-AnoGAN"):
        compare_with_baseline(table, "f-AnoGAN")


def test_one_method_alone_cannot_be_compared(table):
    with pytest.raises(DataError, match="UAD-344"):
        compare_all({"ae": table["ae"]})


def test_a_comparison_can_be_written_as_json(table):
    plain = json.loads(json.dumps(compare(table, "vae", "ae").plain()))
    assert plain["difference"]["n"] == 30

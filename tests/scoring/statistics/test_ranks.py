import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from uadray.errors import DataError
from uadray.scoring.statistics.ranks import _cliques, critical_difference, rank


def table(values):
    return {
        f"m{j}": {f"sub-{i}": float(v) for i, v in enumerate(column)} for j, column in enumerate(np.array(values).T)
    }


@pytest.mark.parametrize(
    ("alpha", "q"),
    [(0.05, {2: 1.960, 3: 2.343, 4: 2.569, 5: 2.728, 6: 2.850, 10: 3.164}), (0.1, {2: 1.645, 3: 2.052, 4: 2.291})],
)
def test_the_critical_difference_has_the_q_of_demsars_table_5(alpha, q):
    for k, value in q.items():
        assert critical_difference(k, 10, alpha) / np.sqrt(k * (k + 1) / 60) == pytest.approx(value, abs=0.0011)


def test_the_critical_differences_of_demsars_example_are_found():
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, alpha=0.1) == pytest.approx(1.12, abs=0.005)


def test_rank_one_is_the_highest_value_and_ties_share_their_ranks():
    found = rank({"low": {"a": 0.1, "b": 0.2}, "tied": {"a": 0.5, "b": 0.9}, "high": {"a": 0.5, "b": 0.95}})
    assert dict(found.average) == {"high": 1.25, "tied": 1.75, "low": 3.0}
    assert list(found.average) == ["high", "tied", "low"]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=4, max_size=4), min_size=2, max_size=10).filter(
        lambda rows: any(len(set(row)) > 1 for row in rows)
    )
)
def test_the_friedman_p_is_scipys_ties_included(rows):
    found = rank(table(rows))
    assert found.friedman_p == pytest.approx(stats.friedmanchisquare(*np.array(rows, float).T).pvalue)
    assert 0 < found.iman_davenport_p <= 1


def test_the_iman_davenport_p_is_of_f_from_chi_squared():
    rows = np.random.default_rng(0).normal([0, 0.3, 0.6, 0.9], size=(14, 4))
    chi = stats.friedmanchisquare(*rows.T).statistic
    f = 13 * chi / (14 * 3 - chi)
    assert rank(table(rows)).iman_davenport_p == pytest.approx(stats.f.sf(f, 3, 39))


def test_identical_methods_have_p_one_and_are_one_clique():
    found = rank(table(np.tile([[0.3], [0.4], [0.5]], 4)))
    assert (found.friedman_p, found.iman_davenport_p) == (1, 1)
    assert set(found.average.values()) == {2.5}
    assert [set(clique) for clique in found.cliques] == [{"m0", "m1", "m2", "m3"}]


def test_the_same_order_in_every_patient_has_a_small_p_that_is_not_zero():
    found = rank(table(np.tile([0.1, 0.2, 0.3], (5, 1))))
    assert found.iman_davenport_p == pytest.approx(1 / 6**4)
    assert dict(found.average) == {"m2": 1, "m1": 2, "m0": 3}


def test_only_ranks_count_and_the_order_of_patients_does_not():
    values = np.random.default_rng(2).random((9, 4))
    once = rank(table(values))
    assert rank(table(np.exp(3 * values))) == once
    assert rank({name: dict(reversed(column.items())) for name, column in table(values).items()}) == once


def test_cliques_are_the_longest_runs_shorter_than_the_critical_difference():
    average = {"a": 1.0, "b": 1.5, "c": 2.4, "d": 2.5, "e": 4.5}
    assert _cliques(average, 1.5) == (("a", "b", "c"), ("b", "c", "d"))  # a and d are exactly CD apart
    assert _cliques(average, 0.4) == (("c", "d"),)
    assert _cliques(average, 9) == (tuple("abcde"),)
    assert _cliques(average, 0.05) == ()


def test_two_methods_are_compared_and_not_ranked():
    with pytest.raises(DataError, match=r"UAD-344 table.*paired test"):
        rank(table([[1, 2], [2, 1]]))


def test_methods_of_other_patients_are_refused():
    values = table(np.arange(9).reshape(3, 3))
    del values["m1"]["sub-2"]
    with pytest.raises(DataError, match="UAD-342 sub-2"):
        rank(values)


def test_ranks_can_be_written_as_json():
    plain = json.loads(json.dumps(rank(table(np.random.default_rng(0).random((8, 3)))).plain()))
    assert sum(plain["average"].values()) == pytest.approx(6)

import json

import pytest

from uadray.study.design.budget import BudgetConfig, PlateauConfig, Spending
from uadray.study.search.stopwatch import Stopwatch

NONE = float("-inf")


@pytest.mark.parametrize(
    ("merits", "reached"),
    [
        ([], False),
        ([0.5, 0.4, 0.4], False),  # nothing stands before the last three
        ([0.5, 0.4, 0.4, 0.4], True),
        ([0.5, 0.4, 0.4, 0.55], True),  # a gain up to least_gain is none
        ([0.5, 0.4, 0.4, 0.7], False),
        ([0.5, 0.7, 0.4, 0.4, 0.4], True),
        ([0.5, NONE, NONE, NONE], True),
        ([NONE, NONE, NONE, NONE], False),  # none could win yet
    ],
)
def test_a_plateau_is_so_many_configurations_without_a_gain(merits, reached):
    assert PlateauConfig(trials=3, least_gain=0.1).reached(merits) is reached


@pytest.mark.parametrize(
    ("spending", "words"),
    [
        (Spending(), ""),
        (Spending(failed=3, hours=23.9, gpu_hours=3.9, merits=[0.1, 0.2]), ""),
        (Spending(failed=4), "4 trials failed, more than max_failed_trials = 3"),
        (Spending(hours=24.1), "the 24 hours of its budget are over"),
        (Spending(gpu_hours=4.0), "the 4 GPU hours of its budget are used"),
        (Spending(merits=[0.2, 0.2]), "the last 1 configurations did not gain anything"),
        (Spending(failed=4, hours=24.1), "4 trials failed, more than max_failed_trials = 3"),
    ],
)
def test_each_part_of_a_budget_has_words_of_its_own(spending, words):
    assert BudgetConfig(gpu_hours=4, plateau=PlateauConfig(trials=1)).exceeded(spending) == words


def test_a_stopwatch_goes_on_from_its_last_mark(tmp_path):
    now = iter([100.0, 130.0, 1000.0, 1007.0]).__next__
    Stopwatch(tmp_path / "spent.json", now).mark()
    assert Stopwatch(tmp_path / "spent.json", now).seconds == 37.0


def test_a_stopwatch_writes_once_a_second_however_often_it_is_marked(tmp_path):
    now = iter([0.0, 5.0, 5.5, 6.5, 100.0, 100.0]).__next__
    watch = Stopwatch(tmp_path / "spent.json", now)
    seen = []
    for _ in range(3):
        watch.mark()
        seen.append(json.loads((tmp_path / "spent.json").read_text())["seconds"])
    assert seen == [5.0, 5.0, 6.5]

"""Repeats: each configuration is trained with several seeds, and Optuna sees it once."""

import pytest
from searching import finish, made_plan, run_study, searcher, told

THRICE = ("run:\n", "repeats: 3\nrun:\n")


def test_each_repeat_of_a_configuration_is_a_trial_with_a_seed_of_its_own(tmp_path):
    suggested = run_study(searcher(made_plan(THRICE, ("trials: 9", "trials: 4")), tmp_path / "a"))
    assert list(suggested) == list(range(12))
    for first in range(0, 12, 3):
        runs = [suggested[first + repeat]["run"] for repeat in range(3)]
        assert [run["train"].pop("seed") for run in runs] == [0, 1, 2]
        assert runs[0] == runs[1] == runs[2]
        assert len({str(suggested[first + repeat]["limits"]) for repeat in range(3)}) == 1


def test_the_seeds_of_repeats_go_on_from_the_highest_to_0(tmp_path):
    plan = made_plan(THRICE, ("trials: 9", "trials: 1"), ("{epochs: 4}", "{epochs: 4, seed: 2147483646}"))
    suggested = run_study(searcher(plan, tmp_path / "a")).values()
    assert [trial["run"]["train"]["seed"] for trial in suggested] == [2**31 - 2, 2**31 - 1, 0]


def test_optuna_sees_one_trial_a_configuration_with_the_mean_of_its_repeats(tmp_path):
    search = searcher(made_plan(THRICE, ("trials: 9", "trials: 2")), tmp_path / "a")
    run_study(search)
    trials = told(tmp_path / "a")
    assert len(trials) == 2
    values = [search.ledger.record(index).metrics["val/auprc"] for index in range(3)]
    assert trials[0].value == pytest.approx(sum(values) / 3)


def test_a_repeated_study_does_not_depend_on_the_order_of_its_trials_or_on_a_kill(tmp_path):
    plan = made_plan(THRICE, ("trials: 9", "trials: 6"))
    first = run_study(searcher(plan, tmp_path / "a"))
    last = run_study(searcher(plan, tmp_path / "b"), order=lambda waiting: waiting[-1])
    begun = run_study(searcher(plan, tmp_path / "c"), limit=13)
    again = run_study(searcher(plan, tmp_path / "c"))
    assert first == last == {**begun, **again}


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (("completed", "completed", "failed"), "COMPLETE"),
        (("completed", "failed", "diverged"), "FAIL"),
        (("completed", "stopped", "completed"), "PRUNED"),
        (("failed", "stopped", "stopped"), "PRUNED"),
    ],
)
def test_what_becomes_of_a_configuration_follows_from_its_repeats(statuses, state, tmp_path):
    search = searcher(made_plan(THRICE), tmp_path / "a")
    for number, status in enumerate(statuses):
        finish(search.ledger, search.suggest(f"id{number}"), status)
    search.settle_all()
    assert told(tmp_path / "a")[0].state.name == state


def test_a_configuration_is_not_told_before_all_its_repeats_are_finished(tmp_path):
    search = searcher(made_plan(THRICE), tmp_path / "a")
    for number in range(2):
        finish(search.ledger, search.suggest(f"id{number}"))
    search.settle_all()
    assert told(tmp_path / "a")[0].state.name == "RUNNING"

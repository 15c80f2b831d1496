"""The searcher with a real Optuna database; trials are finished by writing their records, in any order."""

import json

import optuna
import pytest
from ray.tune.search import Searcher
from searching import finish, made_plan, run_study, searcher, told


@pytest.fixture
def plan():
    return made_plan()


def test_the_order_in_which_trials_finish_does_not_change_the_study(plan, tmp_path):
    first = run_study(searcher(plan, tmp_path / "a"))
    last = run_study(searcher(plan, tmp_path / "b"), order=lambda waiting: waiting[-1])
    assert len(first) == 9
    assert first == last


def test_a_killed_study_goes_on_with_the_same_trials(plan, tmp_path):
    undisturbed = run_study(searcher(plan, tmp_path / "a"))
    killed = searcher(plan, tmp_path / "b")
    begun = run_study(killed, limit=8)  # some finished, some running
    assert 0 < len(list(killed.ledger.records())) < len(begun) < 9
    finished = {record.index for record in killed.ledger.records()}
    again = run_study(searcher(plan, tmp_path / "b"))
    assert not finished & again.keys()
    assert {**begun, **again} == undisturbed


def test_rows_of_the_zoo_come_first(plan, tmp_path):
    first = searcher(plan, tmp_path / "a").suggest("id0")
    assert first["run"]["model"]["latent"] == {"kind": "spatial", "size": 16, "channels": 64}


def test_a_trial_is_not_drawn_before_those_it_learns_from_are_settled(plan, tmp_path):
    search = searcher(plan, tmp_path / "a")
    suggestions = [search.suggest(f"id{n}") for n in range(5)]
    assert [s and s["index"] for s in suggestions] == [0, 1, 2, 3, None]
    finish(search.ledger, suggestions[1])
    assert search.suggest("id4") is None
    finish(search.ledger, suggestions[0])
    assert search.suggest("id4")["index"] == 4


def test_optuna_hears_of_stopped_trials_as_pruned_and_of_failed_ones_as_failed(plan, tmp_path):
    search = searcher(plan, tmp_path / "a")
    for number, status in enumerate(("completed", "stopped", "failed")):
        finish(search.ledger, search.suggest(f"id{number}"), status)
    search.settle_all()
    study = optuna.load_study(study_name="toy", storage=f"sqlite:///{tmp_path / 'a' / 'optuna.db'}")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "PRUNED", "FAIL"]
    assert list(study.trials[1].intermediate_values) == [1]


def test_limits_come_from_settled_trials_only(plan, tmp_path):
    suggested = run_study(searcher(plan, tmp_path / "a"))
    assert suggested[0]["limits"] == suggested[4]["limits"] == []
    losses = sorted(1 / (suggested[n]["run"]["scoring"]["threshold"]["percentile"] - 80) for n in range(2))
    assert dict(suggested[5]["limits"])[1] == losses[0]


def test_what_a_search_knows_of_it_does_not_read_again(plan, tmp_path):
    undisturbed = run_study(searcher(plan, tmp_path / "a"))
    search, suggested = searcher(plan, tmp_path / "b"), {}
    for number in range(9):
        suggested[number] = search.suggest(f"id{number}")
        finish(search.ledger, suggested[number])
        if number >= search.lag:
            (search.ledger.trial(number - search.lag) / "trial.json").unlink()
    assert suggested == undisturbed


def test_too_many_failures_end_the_study_and_say_so(plan, tmp_path):
    search = searcher(plan, tmp_path / "a")
    for number in range(5):  # of which the first alone is settled when the last is drawn
        finish(search.ledger, search.suggest(f"id{number}"), "failed")
    assert search.suggest("id5") == Searcher.FINISHED
    assert "2 trials failed" in search.ending
    assert search.done


def test_a_budget_that_is_spent_does_not_make_running_trials_done(plan, tmp_path):
    search = searcher(plan, tmp_path / "a")
    suggestions = [search.suggest(f"id{number}") for number in range(4)]
    for suggestion in suggestions[:2]:
        finish(search.ledger, suggestion, "failed")
    search.suggest("id4")
    assert search.suggest("id5") == Searcher.FINISHED
    assert not search.done


@pytest.mark.parametrize("values_drawn", [0, 1])
def test_a_trial_that_was_killed_while_it_was_drawn_is_drawn_to_its_end(plan, tmp_path, values_drawn):
    undisturbed = run_study(searcher(plan, tmp_path / "a"))
    killed = searcher(plan, tmp_path / "b")
    finish(killed.ledger, killed.suggest("id0"))
    killed._ot_study.sampler = plan.sampler.build(1, plan.space)
    drawn = killed._ot_study.ask()
    if values_drawn:
        drawn.suggest_categorical("model.latent", ("dense", "spatial"))
    again = run_study(searcher(plan, tmp_path / "b"))
    assert again.keys() == undisturbed.keys() - {0}
    if not values_drawn:
        assert again == {index: trial for index, trial in undisturbed.items() if index}


def test_rows_that_were_not_enqueued_before_a_kill_are_enqueued_after_it(plan, tmp_path):
    two = plan.model_copy(update={"enqueue": ("sAE3", "sAE3")})
    searcher(plan, tmp_path / "a")  # enqueued one row, then was killed
    search = searcher(two, tmp_path / "a")
    first, second = search.suggest("id0"), search.suggest("id1")
    assert (
        first["run"]["model"]["latent"]
        == second["run"]["model"]["latent"]
        == {"kind": "spatial", "size": 16, "channels": 64}
    )


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self):
        return self.now


def test_the_hours_of_a_budget_end_the_study(plan, tmp_path):
    clock = Clock()
    search = searcher(plan, tmp_path / "a", clock=clock)
    assert search.suggest("id0")["index"] == 0
    clock.now = 90_000.0
    assert search.suggest("id1") == Searcher.FINISHED
    assert "24 hours" in search.ending


def test_hours_of_earlier_starts_count_up_to_the_last_epoch_they_saw(plan, tmp_path):
    clock = Clock()
    killed = searcher(plan, tmp_path / "a", clock=clock)
    killed.suggest("id0")
    clock.now = 80_000.0
    killed.on_trial_result("id0", {"val/l1": 0.1})
    clock.now = 500_000.0  # after which it is killed
    search = searcher(plan, tmp_path / "a", clock=clock)
    search.suggest("id0")
    assert search.suggest("id1")["index"] == 1
    clock.now += 7_000.0
    assert search.suggest("id2") == Searcher.FINISHED
    assert "24 hours" in search.ending


def test_gpu_hours_are_those_of_settled_trials_times_what_they_hold(tmp_path):
    plan = made_plan(
        ("max_failed_trials: 1", "max_failed_trials: 1, gpu_hours: 4"),
        ("run:\n", "resources: {workers: 2, gpus_per_worker: 1}\nrun:\n"),
    )
    search = searcher(plan, tmp_path / "a")
    for number in range(5):  # of which the first is settled when the last is drawn
        finish(search.ledger, search.suggest(f"id{number}"), seconds=3600.0)
    assert search.suggest("id5") == Searcher.FINISHED  # two are settled
    assert search.ending == "the 4 GPU hours of its budget are used"
    assert search.done


def test_a_search_that_gains_nothing_ends(tmp_path):
    plan = made_plan(
        ("max_failed_trials: 1", "max_failed_trials: 1, plateau: {trials: 2, least_gain: 9}"),
    )
    suggested = run_study(search := searcher(plan, tmp_path / "a"))
    assert list(suggested) == [0, 1, 2, 3, 4, 5]  # the seventh knows of three
    assert search.ending == "the last 2 configurations did not gain more than 9"
    again = searcher(plan, tmp_path / "a")
    assert again.suggest("id") == Searcher.FINISHED
    assert again.ending == search.ending


def test_a_stopped_trial_is_told_epoch_by_epoch_where_the_objective_is_known_by_epoch(tmp_path):
    plan = made_plan(("val/auprc: max", "val/l1: min"))
    search = searcher(plan, tmp_path / "a")
    curve = [{"val/l1": 0.5}, {"val/l1": 0.4}, {"val/l1": 0.3}]
    suggestion = search.suggest("id0")
    finish(search.ledger, suggestion, "stopped")
    path = search.ledger.trial(0) / "trial.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "curve": curve}))
    search.settle_all()
    (trial,) = told(tmp_path / "a")[:1]
    assert trial.state.name == "PRUNED"
    assert trial.intermediate_values == {1: 0.5, 2: 0.4, 3: 0.3}


def test_optuna_hears_of_no_score_that_is_not_finite(plan, tmp_path):
    search = searcher(plan, tmp_path / "a")
    finish(search.ledger, search.suggest("id0"))
    path = search.ledger.trial(0) / "trial.json"
    record = json.loads(path.read_text())
    record["val"]["auprc"] = float("inf")
    path.write_text(json.dumps(record))
    search.settle_all()
    assert told(tmp_path / "a")[0].state.name == "FAIL"


def test_a_trial_that_finished_before_a_kill_but_was_not_told_is_told_after_it(plan, tmp_path):
    killed = searcher(plan, tmp_path / "a")
    suggestions = [killed.suggest(f"id{number}") for number in range(3)]
    finish(killed.ledger, suggestions[1])
    assert [trial.state.name for trial in told(tmp_path / "a")] == ["RUNNING"] * 3
    again = searcher(plan, tmp_path / "a")
    assert again.suggest("id0") == suggestions[0]  # goes on
    finish(again.ledger, suggestions[0])
    run_study(again)
    assert {trial.state.name for trial in told(tmp_path / "a")} == {"COMPLETE"}


def test_constraints_are_told_as_shares_beyond_the_bound(tmp_path):
    bounds = "constraints: {val/dice_mean: {at_least: 0.4}, model/parameters: {at_most: 1.0e6}}\nrun:\n"
    search = searcher(made_plan(("run:\n", bounds)), tmp_path / "a")
    finish(search.ledger, search.suggest("id0"), parameters=1_500_000)
    search.settle_all()
    trial = told(tmp_path / "a")[0]
    assert trial.constraints.keys() == {"val/dice_mean", "model/parameters"}
    assert trial.constraints["model/parameters"] == pytest.approx(0.5)
    assert trial.constraints["val/dice_mean"] == pytest.approx((0.4 - trial.value) / 0.4)


@pytest.mark.parametrize(("gan_share", "limited"), [(0.5, set()), (0.25, {2})])
def test_losses_before_a_model_reconstructs_set_no_limit_and_are_held_against_none(gan_share, limited, tmp_path):
    """Rungs are at epochs 1 and 2 of 4; the encoder's first epoch is the 3rd, or the 2nd."""
    model = """\
    kind: vae_gan
    latent: {choice: [{kind: dense, dim: {choice: [16, 64]}}, {kind: spatial, size: {choice: [8, 16]}}]}
"""
    fanogan = f"    kind: fanogan\n    gan_share: {gan_share}\n    latent: {{kind: dense, dim: 16}}\n"
    plan = made_plan((model, fanogan), ("enqueue: [sAE3]\n", ""), ("trials: 9", "trials: 6"))
    suggested = run_study(searcher(plan, tmp_path / "a"))
    assert dict(suggested[5]["limits"]).keys() == limited

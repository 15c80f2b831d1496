"""The searcher with a real Optuna database; trials are finished by writing their records, in any order."""

from dataclasses import asdict

import optuna
import pytest
from making import made_card
from ray.tune.search import Searcher

from uadray.files import write_json
from uadray.study.checking import check
from uadray.study.ledger import Ledger
from uadray.study.searcher import SettledSearch
from uadray.yaml_file import parse

SPACE = """\
study: toy
cohort: {kind: phantom}
prepare: {canvas: {kind: resample, size: 64}}
objectives: {val/auprc: max}
budget: {trials: 9, concurrent_trials: 2, max_failed_trials: 1}
sampler: {kind: tpe, startup_trials: 3}
scheduler: {kind: asha, grace_epochs: 1, reduction_factor: 2}
enqueue: [sAE3]
run:
  model:
    kind: vae_gan
    latent: {choice: [{kind: dense, dim: {choice: [16, 64]}}, {kind: spatial, size: {choice: [8, 16]}}]}
  train: {epochs: 4}
  scoring: {threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}}
"""


@pytest.fixture
def plan():
    return check(parse(SPACE, "toy.yaml"))


def searcher(plan, folder):
    folder.mkdir(exist_ok=True)
    return SettledSearch(plan, Ledger(folder), folder / "optuna.db")


def finish(ledger, suggestion, status="completed"):
    """Write the record of a trial, its scores a function of what was suggested."""
    percentile = suggestion["run"]["scoring"]["threshold"]["percentile"]
    auprc = round(0.5 - abs(percentile - 95) / 20, 6)
    card = made_card(auprc, auprc)
    losses = [1 / (percentile - 80 + epoch) for epoch in range(4 if status == "completed" else 1)]
    record = {"index": suggestion["index"], "run": suggestion["run"], "status": status, "curve": []}
    if status != "failed":
        record |= {"val": asdict(card), "curve": [{"val/l1": loss} for loss in losses], "timing": {"model": 0.1}}
    write_json(ledger.trial(suggestion["index"]) / "trial.json", record)


def run_study(search, order=lambda waiting: waiting[0], concurrent=2, limit=100):
    """Run trials as Ray Tune would, finishing them in some order; returns what was suggested, by trial."""
    waiting, suggested = [], {}
    for number in range(limit):
        answer = search.suggest(f"id{number}") if len(waiting) < concurrent else None
        if isinstance(answer, dict):
            waiting.append(answer)
            suggested[answer["index"]] = answer
        elif waiting:
            chosen = order(waiting)
            waiting.remove(chosen)
            finish(search.ledger, chosen)
        elif answer == Searcher.FINISHED:
            search.settle_all()
            break
    return suggested


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
    killed._ot_study.sampler = plan.sampler.build(1)
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


def test_the_hours_of_a_budget_end_the_study(plan, tmp_path):
    (tmp_path / "a").mkdir()
    now = iter([0.0, 1.0, 90_000.0, 90_001.0])
    search = SettledSearch(plan, Ledger(tmp_path / "a"), tmp_path / "a" / "optuna.db", clock=lambda: next(now))
    assert search.suggest("id0")["index"] == 0
    assert search.suggest("id1") == Searcher.FINISHED
    assert "24 hours" in search.ending

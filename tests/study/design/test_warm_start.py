"""Studies that start from what an earlier one found; both have real Optuna databases and hand-made records."""

import json
import shutil

import optuna
import pytest
from searching import finish, made_plan, run_study, searcher, told

from uadray.errors import ConfigError
from uadray.files import write_json
from uadray.remote.mirror import There
from uadray.remote.objects import Objects
from uadray.study.ledger import Ledger
from uadray.study.search.searcher import SettledSearch

NEVER = ("{kind: asha, grace_epochs: 1, reduction_factor: 2}", "{kind: none}")
NO_ROWS = ("enqueue: [sAE3]\n", "")


@pytest.fixture
def earlier(tmp_path):
    """Five trials of the toy study on slices called A, by trial."""
    plan = made_plan(NEVER, ("trials: 9", "trials: 5"))
    opened(plan, tmp_path / "earlier", "A")
    return run_study(searcher(plan, tmp_path / "earlier"))


def opened(plan, folder, store):
    """A study's folder as it is held."""
    write_json(folder / "study.json", {"id": "x", **plan.plain(), "store": store})


def later(tmp_path, store, *replacements, best=2, name="later"):
    """A study of three trials that starts from the earlier one."""
    start = ("run:\n", f"warm_start: {{study: earlier, best: {best}}}\nrun:\n")
    plan = made_plan(NEVER, NO_ROWS, ("trials: 9", "trials: 3"), start, *replacements)
    opened(plan, tmp_path / name, store)
    return plan, tmp_path / name


def percentile(suggestion):
    return suggestion["run"]["scoring"]["threshold"]["percentile"]


def test_scores_of_the_same_runs_on_the_same_slices_are_known_and_not_trained_again(earlier, tmp_path):
    plan, folder = later(tmp_path, "A")
    suggested = run_study(searcher(plan, folder))
    trials = told(folder)
    assert list(suggested) == [0, 1, 2]
    assert len(trials) == 8
    assert {trial.state.name for trial in trials} == {"COMPLETE"}
    threshold = "scoring.threshold.percentile"
    assert [trial.params[threshold] for trial in trials[:5]] == [percentile(each) for each in earlier.values()]
    assert trials[0].value == pytest.approx(0.5 - abs(percentile(earlier[0]) - 95) / 20, abs=1e-6)
    assert {percentile(each) for each in suggested.values()}.isdisjoint(map(percentile, earlier.values()))


def test_the_earlier_study_may_be_given_by_its_folder(earlier, tmp_path):
    plan, folder = later(tmp_path, "A")
    elsewhere = tmp_path / "elsewhere" / "it"
    elsewhere.parent.mkdir()
    (tmp_path / "earlier").rename(elsewhere)
    warm_start = plan.warm_start.model_copy(update={"study": str(elsewhere)})
    searcher(plan.model_copy(update={"warm_start": warm_start}), folder)
    assert len(told(folder)) == 5


def opened_at(url, study):
    """The mirror of a study's workspace, and the study as it is at a URL."""
    mirror = There(Objects(url), str(study.parent))
    mirror.send(study)
    return mirror


def test_the_earlier_study_of_a_url_is_brought_first(earlier, tmp_path):
    mirror = opened_at((tmp_path / "there").as_uri(), tmp_path / "earlier")
    shutil.rmtree(tmp_path / "earlier")
    plan, folder = later(tmp_path, "A")
    SettledSearch(plan, Ledger(folder, mirror), folder / "optuna.db")
    assert len(told(folder)) == 5


def test_of_an_earlier_study_that_was_deleted_at_its_url_the_cache_gives_nothing(earlier, tmp_path):
    mirror = opened_at((tmp_path / "there").as_uri(), tmp_path / "earlier")
    plan, folder = later(tmp_path, "A")
    write_json(tmp_path / "earlier" / "study.json", {"id": "a former one", **plan.plain(), "store": "A"})
    mirror.objects.remove("earlier/trials/0004/trial.json")
    SettledSearch(plan, Ledger(folder, mirror), folder / "optuna.db")
    assert len(told(folder)) == 4
    shutil.rmtree(tmp_path / "there")
    plan, again = later(tmp_path, "A", name="again")
    with pytest.raises(ConfigError, match="UAD-335"):
        SettledSearch(plan, Ledger(again, mirror), again / "optuna.db")


def test_the_seed_of_the_training_does_not_keep_scores_from_being_known(earlier, tmp_path):
    plan, folder = later(tmp_path, "A", ("epochs: 4", "epochs: 4, seed: 7"))
    searcher(plan, folder)
    assert len(told(folder)) == 5


@pytest.mark.parametrize(
    ("store", "other"), [("B", []), ("A", [("epochs: 4", "epochs: 5")])], ids=["other slices", "other settings"]
)
def test_where_scores_do_not_carry_over_the_best_are_tried_first(store, other, earlier, tmp_path):
    plan, folder = later(tmp_path, store, *other)
    suggested = run_study(searcher(plan, folder))
    ranked = sorted(earlier.values(), key=lambda each: abs(percentile(each) - 95))
    assert [percentile(suggested[number]) for number in (0, 1)] == [percentile(each) for each in ranked[:2]]
    assert len(told(folder)) == 3


def test_rows_of_the_zoo_come_before_what_was_found(earlier, tmp_path):
    plan, folder = later(tmp_path, "B")
    first = searcher(plan.model_copy(update={"enqueue": ("sAE3",)}), folder).suggest("id0")
    assert first["run"]["model"]["latent"] == {"kind": "spatial", "size": 16, "channels": 64}


def test_what_lies_outside_the_space_is_not_tried(earlier, tmp_path):
    plan, folder = later(tmp_path, "B", ("uniform: [90.0, 99.0]", "uniform: [50.0, 60.0]"))
    assert all(50 <= percentile(each) <= 60 for each in run_study(searcher(plan, folder)).values())


def test_trials_that_were_stopped_or_failed_are_no_start(tmp_path):
    plan = made_plan(NEVER)
    opened(plan, tmp_path / "earlier", "A")
    search = searcher(plan, tmp_path / "earlier")
    for number, status in enumerate(("stopped", "failed", "completed")):
        finish(search.ledger, search.suggest(f"id{number}"), status)
    searcher(*later(tmp_path, "A"))
    assert len(told(tmp_path / "later")) == 1


def test_a_warm_start_goes_on_as_it_began_after_a_kill(earlier, tmp_path):
    plan, folder = later(tmp_path, "A")
    undisturbed = run_study(searcher(plan, folder))
    plan, again = later(tmp_path, "A", name="again")
    killed = searcher(plan, again)
    finish(killed.ledger, killed.suggest("id0"))
    path = tmp_path / "earlier" / "trials" / "0004" / "trial.json"
    path.unlink()  # what the earlier study is by now does not matter
    assert {0: undisturbed[0], **run_study(searcher(plan, again))} == undisturbed
    assert len(told(again)) == 8


@pytest.mark.parametrize("left", ["waiting", "running"])
def test_a_start_that_was_killed_while_it_told_what_is_known_tells_the_rest(left, earlier, tmp_path):
    bound = ("run:\n", "constraints: {val/dice_mean: {at_least: 0.1}}\nrun:\n")
    searcher(*later(tmp_path, "A", bound, name="undisturbed"))
    undisturbed = told(tmp_path / "undisturbed")
    plan, folder = later(tmp_path, "A", bound)
    storage = f"sqlite:///{folder / 'optuna.db'}"
    study = optuna.create_study(study_name="toy", storage=storage, direction="maximize")
    study.enqueue_trial(undisturbed[0].params)
    if left == "running":
        study.ask().set_constraint("val/dice_mean", undisturbed[0].constraints["val/dice_mean"])
    search = searcher(plan, folder)
    assert [trial.state.name for trial in told(folder)] == ["COMPLETE"] * 5
    assert [trial.params for trial in told(folder)] == [trial.params for trial in undisturbed]
    assert [trial.constraints for trial in told(folder)] == [trial.constraints for trial in undisturbed]
    assert search.suggest("id0")["index"] == 0


@pytest.mark.parametrize("study", ["nowhere", "later"])
def test_the_earlier_study_must_be_there_and_another(study, tmp_path):
    plan, folder = later(tmp_path, "A")
    warm_start = plan.warm_start.model_copy(update={"study": study})
    with pytest.raises(ConfigError) as raised:
        searcher(plan.model_copy(update={"warm_start": warm_start}), folder)
    assert raised.value.problems[0].code == "UAD-335"


def test_the_mean_of_an_earlier_studys_repeats_is_known(tmp_path):
    plan = made_plan(NEVER, ("run:\n", "repeats: 2\nrun:\n"), ("trials: 9", "trials: 3"))
    opened(plan, tmp_path / "earlier", "A")
    search = searcher(plan, tmp_path / "earlier")
    run_study(search)
    later_plan, folder = later(tmp_path, "A")
    searcher(later_plan, folder)
    start = json.loads((folder / "warm_start.json").read_text())
    values = [search.ledger.record(index).metrics["val/auprc"] for index in (0, 1)]
    assert len(start["known"]) == 3
    assert start["known"][0]["metrics"] == {"val/auprc": pytest.approx(sum(values) / 2)}

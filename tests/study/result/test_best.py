"""From a sealed study to files that train its best configurations again."""

import json

import pytest
from making import made_card

from uadray.errors import ConfigError, StudyError
from uadray.layout import PLAN
from uadray.scoring.settings import ScoringConfig
from uadray.section import digest
from uadray.study.design.one_run import one_run
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger
from uadray.study.reading.checking import check, load
from uadray.study.result.best import write_best
from uadray.study.result.retraining import retraining
from uadray.yaml_file import parse

SPACE = """
study: toy
cohort: {kind: phantom}
budget: {trials: 4}
run:
  model: {kind: vae_gan, latent: {kind: dense, dim: {choice: [4, 8, 16]}}}
  train: {epochs: 6, seed: {choice: [0, 1]}}
  scoring: {threshold: {kind: healthy_percentile, percentile: {uniform: [90.0, 99.0]}}}
"""
CURVE = [{"val/l1": 0.1, "seconds": 1.0}] * 6


@pytest.fixture
def study(tmp_path):
    """A sealed study of four trials; the second is the best and was stopped, the fourth is it with another seed."""
    plan, ledger = check(parse(SPACE, "toy.yaml")), Ledger(tmp_path / "toy")
    settings = [(4, 0, 6, 0.2), (8, 0, 3, 0.9), (16, 0, 6, 0.5), (8, 1, 3, 0.8)]
    for index, (dim, seed, epochs, auprc) in enumerate(settings):
        values = {
            "model.latent.dim": dim,
            "train.seed": seed,
            "scoring.threshold.percentile": 97.123456789,
        }
        trial = {
            "index": index,
            "status": "completed" if epochs == 6 else "stopped",
            "run": plan.space.resolve(values),
            "curve": CURVE[:epochs],
            "val": made_card(auprc, 0.1).plain(),
        }
        ledger.trial(index).mkdir(parents=True)
        (ledger.trial(index) / "trial.json").write_text(json.dumps(trial))
    (ledger.folder / PLAN).write_text(json.dumps({"id": "x", **plan.plain(), "store": "key"}))
    (ledger.folder / "selection.json").write_text(json.dumps({"trial": 1, "ranking": [1, 3, 2, 0]}))
    return plan, ledger


def test_the_best_run_comes_back_from_its_file_as_it_was_trained(study, tmp_path):
    plan, ledger = study
    write_best(plan, ledger.record(1), tmp_path / "best.yaml")
    again = one_run(load(tmp_path / "best.yaml"))
    run = again.space.resolve({})
    assert run["train"]["stop_after"] == 3
    run["train"]["stop_after"] = None
    assert run == ledger.record(1).run.plain()
    assert (again.cohort, again.prepare, again.objectives) == (plan.cohort, plan.prepare, plan.objectives)
    assert again.budget.trials == 1


@pytest.mark.parametrize("name", ["008", "1e5"])
def test_a_cohort_whose_folder_is_called_like_a_number_stays_where_it_is(study, tmp_path, name):
    plan, ledger = study
    at = check(parse(SPACE.replace("{kind: phantom}", f"{{kind: bids, root: '{name}'}}"), "toy.yaml"))
    write_best(at, ledger.record(1), tmp_path / "best.yaml")
    assert load(tmp_path / "best.yaml").cohort == at.cohort != plan.cohort


def test_a_space_with_a_choice_is_no_single_run():
    with pytest.raises(ConfigError, match="UAD-219 toy run: must be one configuration; got a range"):
        one_run(check(parse(SPACE, "toy.yaml")))
    with pytest.raises(ConfigError, match="got 2 configurations"):
        one_run(check(parse("study: a\ncohort: {kind: phantom}\nrun: {model: {choice: [sVAE, dVAE]}}", "a.yaml")))


def test_the_best_configurations_are_trained_again_each_once_with_all_seeds(study):
    _, ledger = study
    tree = retraining(ledger, top=2, seeds=5)
    runs = tree["run"]["choice"]
    assert [run["model"]["latent"]["dim"] for run in runs] == [8, 16]  # of two seeds of one configuration one is left
    assert [run["train"]["stop_after"] for run in runs] == [3, None]
    assert (tree["study"], tree["repeats"], tree["budget"]["trials"]) == (f"toy-top2-seeds5-{digest(runs)[:4]}", 5, 2)


def test_the_baseline_stays_as_strong_as_it_was(study):
    _, ledger = study
    assert retraining(ledger, top=1, seeds=2)["baseline"] == []
    scoring = ScoringConfig(median_filter=9).plain()
    (ledger.folder / "test.json").write_text(json.dumps({"baseline": {"run": {"scoring": scoring}}}))
    again = retraining(ledger, top=1, seeds=2)
    assert StudyConfig.parse(again).baseline == (ScoringConfig(median_filter=9),)


def test_a_study_that_has_not_ended_has_no_best(study):
    _, ledger = study
    (ledger.folder / "selection.json").unlink()
    with pytest.raises(StudyError, match="UAD-336"):
        retraining(ledger, top=2, seeds=5)

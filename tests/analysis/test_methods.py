"""Trainings of one method taken together."""

import pytest
from logging_studies import Logged, card_of, run_config

from folder import StudyFolder
from methods import representatives, with_methods
from runs import runs
from uadray.errors import StudyError


def test_trainings_that_differ_in_their_seed_are_one_method_in_the_papers_order(seeds):
    table = with_methods(runs(seeds))
    assert list(table["method"].unique()) == ["sAE1", "dVAE", "intensity"]
    assert list(table.loc[table["method"] == "dVAE", "trial"]) == [0, 1, 2]


def test_methods_are_named_by_as_much_as_tells_them_apart(search):
    names = dict(zip(*(with_methods(runs(search))[name] for name in ("trial", "method")), strict=True))
    assert names == {
        3: "sAE",
        0: "sVAE 4×4×4",
        1: "sVAE 4×4×16",
        2: "sVAE 4×4×64 λ2=1e+00",
        4: "sVAE 4×4×64 λ2=1e-03",
    }


def test_runs_that_share_even_their_seed_are_told_apart(workspace):
    study = Logged(workspace, "twins").trial(0, run_config(), {}).trial(1, run_config(), {})
    names = with_methods(runs(study.folder))["method"]
    assert [name.split("(")[1] for name in names] == ["trial 0)", "trial 1)"]


def test_what_is_shown_is_the_middle_training_of_the_best_method_of_a_row(search, workspace):
    chosen = representatives(with_methods(runs(search)), StudyFolder(search))
    assert dict(zip(chosen["row"], chosen["trial"], strict=True)) == {"sAE": 3, "sVAE": 4}
    study = Logged(workspace, "three")
    for trial, dice in enumerate([0.9, 0.1, 0.5]):
        study.trial(trial, run_config(seed=trial), {"val": card_of([dice] * 2, [dice] * 2)})
    assert list(representatives(with_methods(runs(study.folder)), StudyFolder(study.folder))["trial"]) == [2]


def test_a_study_of_failures_has_nothing_to_show(workspace):
    study = Logged(workspace, "failures").trial(0, run_config(), {}, status="failed")
    with pytest.raises(StudyError, match="UAD-362"):
        representatives(with_methods(runs(study.folder)), StudyFolder(study.folder))

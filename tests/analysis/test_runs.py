"""Runs as a tidy table."""

import json

import pandas as pd
import pytest
from logging_studies import Logged, card_of, run_config

from runs import runs
from uadray.errors import ConfigError
from uadray.files import write_json
from uadray.models.intensity import IntensityConfig
from uadray.study.result.verdict import Contender, Verdict


def test_there_is_one_row_for_each_trial_and_one_for_the_baseline(seeds):
    table = runs(seeds)
    assert list(table["trial"]) == [-1, 0, 1, 2, 3, 4]
    assert list(table["model"]) == ["intensity", "dVAE", "dVAE", "dVAE", "sAE", "sAE"]


def test_numbers_are_numbers_and_words_are_words(alike):
    table = runs(alike)
    for name in ("latent_values", "lambda_2", "train_seed", "threshold_percentile", "val/auprc"):
        assert pd.api.types.is_numeric_dtype(table[name]), name
    assert list(table["latent"]) == ["512", "512"]  # the shape of z, though all are dense here
    assert table["selected"].dtype == bool


def test_a_failed_trial_has_its_reason_and_no_scores(seeds):
    failed = runs(seeds).set_index("trial").loc[2]
    assert (failed["status"], failed["reason"]) == ("failed", "out of memory")
    assert pd.isna(failed["val/auprc"])


def test_runs_of_a_former_study_of_the_same_name_are_not_its(workspace):
    Logged(workspace, "again", identity="former").trial(0, run_config(), {})
    study = Logged(workspace, "again", identity="now").trial(0, run_config(), {}).trial(1, run_config(), {})
    assert list(runs(study.folder)["trial"]) == [0, 1]


def test_scores_that_mlflow_lacks_are_those_of_the_folder(workspace):
    study = Logged(workspace, "unmirrored").trial(0, run_config(), {}).trial(1, run_config(seed=1), {})
    cards = [card_of([0.1, 0.3], [0.2, 0.4], auprc) for auprc in (0.25, 0.5, 0.75)]
    bar = run_config().model_copy(update={"model": IntensityConfig()})
    contenders = [
        Contender(run, None, card, {"model": 0.1}) for run, card in ((run_config(), cards[0]), (bar, cards[1]))
    ]
    write_json(study.folder / "test.json", Verdict(0, *contenders, {1: cards[2]}).plain())
    assert list(runs(study.folder)["test/auprc"]) == [0.25, 0.75]


def test_a_missing_database_is_told_and_not_made(tmp_path):
    folder = tmp_path / "studies" / "lonely"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps({"id": "x", "study": "lonely"}))
    with pytest.raises(ConfigError, match="UAD-360"):
        runs(folder)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_study_that_was_logged_elsewhere_is_told(workspace):
    folder = workspace / "studies" / "elsewhere"
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps({"id": "x", "study": "elsewhere"}))
    with pytest.raises(ConfigError, match="UAD-360"):
        runs(folder)


def test_a_folder_without_a_study_is_told(tmp_path):
    with pytest.raises(ConfigError, match="UAD-304"):
        runs(tmp_path)

"""Studies as a person names them."""

from pathlib import Path

import pytest

from uadray.errors import ConfigError, StudyError
from uadray.study.workspace.folder import read_plan
from uadray.study.workspace.naming import study_folder, study_folders


@pytest.fixture
def runs(tmp_path, monkeypatch):
    for name in ("latent", "table1"):
        (tmp_path / "runs" / "studies" / name).mkdir(parents=True)
        (tmp_path / "runs" / "studies" / name / "study.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return Path("runs")


def test_a_study_is_named_by_its_folder_or_by_its_name_in_runs(runs):
    folder = runs / "studies" / "latent"
    assert study_folder(folder) == folder
    assert study_folder(Path("latent")) == folder
    assert study_folders([folder.resolve(), Path("table1")]) == [folder.resolve(), runs / "studies" / "table1"]


def test_what_is_no_study_is_refused_at_once_with_the_studies_that_there_are(runs):
    with pytest.raises(ConfigError, match=r"one of these: latent, table1\.") as caught:
        study_folders([Path("latnet"), runs / "studies" / "latent", Path("nowhere/at/all")])
    assert [problem.where for problem in caught.value.problems] == ["latnet", "nowhere/at/all"]


def test_a_workspace_in_the_place_of_a_study_is_refused_with_the_studies_in_it(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(runs / "studies")
    with pytest.raises(ConfigError, match="one of these: latent, table1"):
        study_folder(tmp_path / "runs")


def test_where_there_is_no_study_the_message_says_what_to_give(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"UAD-304 latent: .* Give the folder below studies/"):
        study_folder(Path("latent"))


def test_of_a_study_at_a_url_it_is_said_how_it_comes_home():
    with pytest.raises(ConfigError, match=r"UAD-304 s3://bucket/studies/latent: .* python -m uadray\.fetch"):
        study_folder(Path("s3://bucket/studies/latent"))


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON", '{"store": "k", "study": "toy", "of": "a later version"}'])
def test_a_study_of_another_version_is_refused(text, tmp_path):
    (tmp_path / "study.json").write_text(text)
    with pytest.raises(StudyError, match="UAD-333"):
        read_plan(tmp_path)

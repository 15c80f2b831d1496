"""Figures 4 to 6 from the slices and weights of a study that was really trained, small as it is."""

import json

import pytest
import torch
from logging_studies import Logged, overlapping
from making import made_task
from small_zoo import small

import figures
import histograms
import panels
import samples
import seeing
from folder import StudyFolder
from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.errors import StudyError
from uadray.files import write_json
from uadray.study.result.held_out import openings
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work


@pytest.fixture(scope="module")
def study(tmp_path_factory, workspace):
    """Two trained trials, a dense AE and a dense VAE; nothing selected."""
    people = PhantomCohort(healthy=5, lesion=4, spacing_mm=4).subjects(tmp_path_factory.mktemp("people"))
    settings = {"slices": {"kind": "middle", "count": 5}, "canvas": {"kind": "resample", "size": 32}}
    store = prepare(people, PrepareConfig.parse(settings), workspace / "stores", lambda *_: None)
    parts = {f"val_{group}": store.read("val", group) for group in ("healthy", "lesion")}
    parts["train"] = store.read("train", "healthy")
    logged = Logged(workspace, "trained")
    ledger = StudyFolder(logged.folder).ledger
    place = Place(torch.device("cpu"), Rank(), lambda module: module, parts.__getitem__, lambda row: None)
    for trial, row in enumerate(("dAE", "dVAE")):
        run = RunConfig.parse({"model": small(row).plain(), "train": {"epochs": 1, "precision": "fp32"}})
        work(made_task(run.plain(), ledger.trial(trial), trial, trainings=workspace / "trainings"), place)
        record = ledger.record(trial)
        logged.trial(trial, record.run, {"val": record.val})
    plan = json.loads((logged.folder / "study.json").read_text())
    write_json(logged.folder / "study.json", {**plan, "store": store.key})
    return logged.folder


@pytest.fixture(scope="module")
def seen(study):
    return list(seeing.see(study, seeing.shown(study), seeing.patients(study, "val")))


def test_models_see_patients_as_they_were_validated(study, seen):
    for trial, one in enumerate(seen):
        record = StudyFolder(study).ledger.record(trial)
        scored = {p.subject: p.false_positive_voxels for p in record.val.patients}
        own = {
            subject: int((one.segmentation & ~one.slices.lesion[:, 0])[one.slices.subjects == subject].sum())
            for subject in scored
        }
        assert own == scored


def test_the_trials_that_are_asked_for_are_shown(study):
    assert list(seeing.shown(study, [1])["trial"]) == [1]
    with pytest.raises(StudyError, match="UAD-332"):
        seeing.shown(study, [7])


def test_panels_show_the_same_patients_through_every_model(seen):
    figure = panels.figure(seen)
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert titles == [one.method for one in seen]
    assert len([axis for axis in figure.axes if axis.images]) == 2 * (2 + 3 * len(seen))
    assert overlapping(figure) == []


def test_each_class_of_voxels_is_counted_whole_and_the_threshold_divides_it(seen):
    for method, found in histograms.histograms(seen).groupby("method"):
        one = next(one for one in seen if one.method == method)
        assert found[["normal", "lesion"]].sum().to_list() == pytest.approx([1, 1])
        lesion = one.scored & one.slices.lesion[:, 0]
        assert found["lesion_above"].iloc[0] == pytest.approx(one.segmentation[lesion].mean())
    figure = histograms.figure(seen)
    assert overlapping(figure) == []
    assert all(axis.get_position().width > 0.35 for axis in figure.axes)


def test_samples_are_of_generative_models_alone_and_the_same_every_time(study):
    models = {str(trial): seeing.trained(StudyFolder(study), trial)[1] for trial in (0, 1)}
    first, second = (samples.draw(models, 3) for _ in range(2))
    assert list(first) == ["1"]
    assert first["1"].shape == (3, 32, 32)
    assert (first["1"] == second["1"]).all()
    with pytest.raises(StudyError, match="UAD-365"):
        samples.draw({"0": models["0"]}, 3)


def test_test_slices_are_shut_until_a_winner_is_sealed_and_then_the_opening_is_written_down(study):
    with pytest.raises(StudyError, match="UAD-331"):
        figures.patients_figures(study)
    ledger = StudyFolder(study).ledger
    assert openings(ledger) == []
    write_json(study / "selection.json", {"trial": 1})
    try:
        assert set(figures.patients_figures(study)) == {"fig4_panels", "fig6_residuals"}
        assert [opening["for"] for opening in openings(ledger)] == ["analysis/figures.py"]
    finally:
        (study / "selection.json").unlink()

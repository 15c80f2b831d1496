"""A trial on a prepared store, patient by patient and lesion by lesion."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from commanding import command
from making import made_slices, made_task

from uadray.config import RunConfig
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.preparation import PrepareConfig, prepare
from uadray.errors import DataError, StudyError
from uadray.evaluate import evaluate
from uadray.files import write_json
from uadray.scoring.lesion_table import findings
from uadray.study.ledger import Ledger
from uadray.study.result import evaluation
from uadray.study.result.held_out import openings
from uadray.training.loop import Rank
from uadray.training.task import Place
from uadray.training.worker import work


def store_of(folder, size=32, seed=0):
    people = PhantomCohort(healthy=5, lesion=4, spacing_mm=4, seed=seed).subjects(folder / "cohorts")
    settings = {"slices": {"kind": "middle", "count": 5}, "canvas": {"kind": "resample", "size": size}}
    return prepare(people, PrepareConfig.parse(settings), folder / "stores", lambda *_: None)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with a study of one finished trial, nothing selected."""
    folder = tmp_path_factory.mktemp("workspace")
    store, ledger = store_of(folder), Ledger(folder / "studies" / "toy")
    parts = {f"{split}_{group}": store.read(split, group) for split in ("val",) for group in ("healthy", "lesion")}
    parts["train"] = store.read("train", "healthy")
    place = Place(torch.device("cpu"), Rank(), lambda module: module, parts.__getitem__, lambda row: None)
    run = RunConfig.parse({"model": "intensity", "scoring": {"median_filter": 3}}).plain()
    work(made_task(run, ledger.trial(0)), place)
    write_json(ledger.folder / "study.json", {"id": "x", "store": store.key})
    return folder, store, ledger


def run(*arguments):
    return command(evaluate, *arguments)


def test_validation_patients_score_as_they_did_in_the_trial(workspace):
    _, store, ledger = workspace
    found = evaluation.evaluate(ledger, store, ledger.record(0), store, "val")
    assert found.card == ledger.record(0).val


def test_test_patients_are_shut_until_something_is_selected_and_then_the_opening_is_written_down(workspace, tmp_path):
    _, store, ledger = workspace
    with pytest.raises(StudyError, match="UAD-331"):
        evaluation.evaluate(ledger, store, ledger.record(0), store, "test")
    write_json(ledger.folder / "selection.json", {"trial": 0})
    done = run(ledger.folder, "--out", tmp_path / "tables")
    assert done.exit_code == 0, done.output
    assert "2 patients, Dice" in done.output
    assert [opening["for"] for opening in openings(ledger)] == ["evaluate"]
    patients = pq.read_table(tmp_path / "tables" / "patients.parquet").to_pylist()
    lines = (tmp_path / "tables" / "patients.tsv").read_text().splitlines()
    assert len(patients) == 2
    assert len(lines) == 3
    assert lines[0].split("\t")[0] == "subject"
    scores = json.loads((tmp_path / "tables" / "scores.json").read_text())
    assert scores["dice_mean"] == pytest.approx(np.mean([patient["dice"] for patient in patients]))


def test_another_cohort_is_scored_with_the_studys_threshold(workspace, tmp_path):
    _, store, ledger = workspace
    other = store_of(tmp_path, seed=5)
    found = evaluation.evaluate(ledger, store, ledger.record(0), other, "val")
    assert found.card.threshold == ledger.record(0).val.threshold
    assert {patient.subject for patient in found.card.patients} == set(other.subjects("val", "lesion"))


def test_slices_of_another_size_are_refused(workspace, tmp_path):
    _, store, ledger = workspace
    with pytest.raises(DataError, match=r"UAD-345.*32 pixels.*48"):
        evaluation.evaluate(ledger, store, ledger.record(0), store_of(tmp_path, size=48), "val")


def test_a_trial_that_is_not_there_is_refused_without_a_traceback(workspace):
    _, _, ledger = workspace
    done = run(ledger.folder, "--trial", 7, "--split", "val")
    assert done.exit_code == 1
    assert "UAD-332" in done.output


def test_every_lesion_and_every_false_finding_is_a_line():
    patients = made_slices(patients=1, per_patient=2)
    truth = patients.lesion[:, 0]
    segmentation = np.zeros_like(truth)
    row, column = np.argwhere(truth[0])[0]
    segmentation[0, row, column] = True  # a voxel of the lesion
    segmentation[1, 25:27, 14:16] = True  # and something that is none
    rows = findings(segmentation, patients)
    lesions = [row for row in rows if row.kind == "lesion"]
    (false,) = [row for row in rows if row.kind == "false finding"]
    assert sum(lesion.voxels for lesion in lesions) == truth.sum()
    assert sum(lesion.segmented_voxels for lesion in lesions) == 1
    assert (false.voxels, false.slice_index, false.row, false.column) == (4, 1, 25.5, 14.5)

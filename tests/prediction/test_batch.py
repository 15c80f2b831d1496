"""Many scans: a faulty one stops no other, and all is said."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import ray
from applying import table, values
from commanding import command

from uadray.bids_app import bids_app
from uadray.errors import DataError
from uadray.export import export
from uadray.predict import predict
from uadray.prediction import batch
from uadray.prediction.batch import predict_all
from uadray.prediction.results import begin
from uadray.prediction.scans import wanted


def test_a_scan_that_fails_stops_no_other_and_the_table_and_the_exit_code_say_so(done):
    out, ended = done
    assert ended.exit_code == 3, ended.output
    rows = table(out)
    assert [(row["scan"], row["status"], row["code"]) for row in rows] == [
        ("sub-01", "done", "n/a"),
        ("sub-02_ses-1", "failed", "UAD-102"),
        ("sub-03", "done", "n/a"),
    ]
    assert "complete NIfTI image" in rows[1]["reason"]
    assert rows[1]["lesion_ml"] == "n/a"
    assert "Research use only. Not a medical device." in ended.output
    assert "1 of 3 scans failed" in ended.output


def test_lesion_statistics_agree_with_the_mask(done):
    out, _ = done
    stem = out / "sub-01" / "anat" / "sub-01"
    told = json.loads(stem.with_name("sub-01_lesions.json").read_text())
    mask = values(stem.with_name("sub-01_space-orig_label-L_mask.nii.gz"))
    lines = stem.with_name("sub-01_lesions.tsv").read_text().splitlines()
    assert told["count"] == len(told["lesions"]) == len(lines) - 1 > 0
    assert sum(lesion["voxels"] for lesion in told["lesions"]) == mask.sum()
    assert told["ml"] == pytest.approx(mask.sum() * 64 / 1000)
    assert float(table(out)[0]["lesion_ml"]) == pytest.approx(told["ml"], rel=1e-4)
    assert 0 < told["assessed"]["share_of_brain"] < 1
    assert "not called healthy" in told["not_assessed"]


@pytest.mark.parametrize("device", ["foo", "meta", "cuda:99"])
def test_a_device_that_is_not_here_is_refused_before_the_model_is_opened(made, tmp_path, device):
    scan = made[2] / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz"
    commands = [
        (predict, tmp_path / "no model", scan, "-o", tmp_path / "out"),
        (bids_app, made[2], tmp_path / "out", "participant", "--model", tmp_path / "no model"),
    ]
    for each in commands:
        ended = command(*each, "--device", device)
        assert (ended.exit_code, "UAD-390" in ended.output) == (2, True), ended.output


@pytest.mark.slow
def test_the_results_are_the_same_bytes_over_cores(made, done, tmp_path):
    _, bundle, bids = made
    try:
        ended = command(predict, bundle.path, bids, "-o", tmp_path / "out", "--workers", 2)
    finally:
        ray.shutdown()
    assert ended.exit_code == 3, ended.output
    images = sorted(path.relative_to(done[0]) for path in done[0].rglob("*.nii.gz"))
    assert len(images) == 10
    for path in images:
        assert (tmp_path / "out" / path).read_bytes() == (done[0] / path).read_bytes()


def test_a_scan_whose_process_dies_is_lost_and_the_rest_goes_on(made, tmp_path):
    _, bundle, bids = made

    def each(function, scans):
        for scan in scans:
            if scan.stem == "sub-01":
                raise RuntimeError("the worker died")
            yield function(scan)

    outcomes = predict_all(bundle, wanted(bids), tmp_path / "out", each=each)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "done"]
    assert "the worker died" in outcomes[0].reason


def test_a_single_scan_that_is_none_ends_with_the_code_of_wrong_input(made, tmp_path):
    _, bundle, bids = made
    (none,) = (bids / "sub-02" / "ses-1" / "anat").iterdir()
    ended = command(predict, bundle.path, none, "-o", tmp_path / "o")
    assert ended.exit_code == 2
    assert table(tmp_path / "o")[0]["code"] == "UAD-102"


def test_a_plain_file_gets_a_bids_name_and_a_study_is_a_model(made, tmp_path):
    folder, _, bids = made
    scan = shutil.copy(bids / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz", tmp_path / "my scan.nii.gz")
    ended = command(predict, "toy:best", scan, "-o", tmp_path / "out", "--workspace", folder)
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "out" / "sub-myscan" / "anat" / "sub-myscan_space-orig_label-L_mask.nii.gz").is_file()


def test_a_folder_that_another_call_has_just_begun_is_gone_on_with(made, tmp_path):
    _, bundle, bids = made
    (tmp_path / ".uadray").mkdir()
    (tmp_path / ".dataset_description.json-77").touch()
    assert begin(tmp_path, bundle, [bids]) == {bids: "raw"}


def test_a_folder_with_something_else_is_left_alone(made, tmp_path):
    _, bundle, bids = made
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match="UAD-379"):
        predict_all(bundle, wanted(bids), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_calls_for_single_participants_share_a_table(made, tmp_path, monkeypatch):
    _, bundle, bids = made
    monkeypatch.setattr(batch, "FIGURES", ())
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(predict_all, bundle, [scan], tmp_path / "out") for scan in wanted(bids)]
        statuses = [call.result()[0].status for call in calls]
    assert statuses == ["done", "failed", "done"]
    assert [row["scan"] for row in table(tmp_path / "out")] == ["sub-01", "sub-02_ses-1", "sub-03"]


def touched(found, stem):
    path = stem.with_name(f"{stem.name}_qc.png")
    path.touch()
    return path


def test_figures_are_drawn_beside_the_results(made, tmp_path, monkeypatch):
    _, bundle, bids = made
    monkeypatch.setattr(batch, "FIGURES", (touched,))
    predict_all(bundle, wanted(bids)[:1], tmp_path / "out")
    assert (tmp_path / "out" / "sub-01" / "figures" / "sub-01_qc.png").is_file()


def test_a_model_is_exported_and_applied(made, tmp_path):
    folder, bundle, _ = made
    ended = command(export, folder / "studies" / "toy", "-o", tmp_path / "model")
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "model" / "SHA256SUMS").read_text() == (bundle.path / "SHA256SUMS").read_text()
    assert command(export, "nothing:best", "-o", tmp_path / "other", "--workspace", folder).exit_code == 2
    lost = command(export, f"{folder / 'studies' / 'toy'}:999", "-o", tmp_path / "other")
    assert (lost.exit_code, "UAD-332" in lost.output, "Choose of trials 0." in lost.output) == (1, True, True)

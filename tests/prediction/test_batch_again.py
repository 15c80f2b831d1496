"""Many scans, again: none is done twice, and none keeps the results of another."""

import shutil

import nibabel as nib
import numpy as np
import pytest
from applying import table

from uadray.prediction import batch
from uadray.prediction.batch import predict_all
from uadray.prediction.scans import wanted


def test_a_finished_scan_is_not_done_again_until_scan_model_or_results_change(made, done, monkeypatch, tmp_path):
    _, bundle, bids = made
    out = shutil.copytree(done[0], tmp_path / "results")
    scans = [scan for scan in wanted(bids) if scan.stem != "sub-02_ses-1"]
    assessed = []
    own = batch.predict
    monkeypatch.setattr(batch, "predict", lambda *a, **k: assessed.append(a[3]) or own(*a, **k))

    def again():
        assessed.clear()
        return predict_all(bundle, scans, out), list(assessed)

    outcomes, anew = again()
    assert anew == []
    assert [outcome.status for outcome in outcomes] == ["done", "done"]
    (out / "sub-03" / "anat" / "sub-03_space-orig_label-L_mask.nii.gz").unlink()
    assert again()[1] == ["sub-03"]
    for figure in ("sub-01_qc.png", "sub-01_viewer.html"):
        (out / "sub-01" / "figures" / figure).unlink()
        assert again()[1] == ["sub-01"]
        assert (out / "sub-01" / "figures" / figure).is_file()
    damaged = out / "sub-01" / "anat" / "sub-01_space-orig_desc-anomaly_probseg.nii.gz"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    assert again()[1] == ["sub-01"]
    assert damaged.read_bytes() == whole


def test_a_scan_that_changed_is_done_again_and_so_is_one_on_another_kind_of_device(made, tmp_path, monkeypatch):
    _, bundle, bids = made
    monkeypatch.setattr(batch, "FIGURES", ())
    changed = shutil.copytree(bids, tmp_path / "bids")
    path = changed / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz"
    known = []

    def again(device="cpu"):
        predict_all(bundle, wanted(path), tmp_path / "out", lambda _, was: known.append(was), device=device)

    again()
    again()
    own = batch.predict
    monkeypatch.setattr(batch, "predict", lambda *given: own(*given[:4]))
    again(device="meta")
    monkeypatch.setattr(batch, "predict", own)
    again()
    image = nib.load(path)
    nib.save(nib.Nifti1Image(np.asarray(image.dataobj) * np.float32(2), image.affine), path)
    again()
    assert known == [False, True, False, False, False]


@pytest.mark.parametrize("change", [lambda path: None, lambda path: path.write_bytes(b"another scan")])
def test_another_scans_results_are_not_replaced_and_the_rest_goes_on(made, done, tmp_path, change):
    _, bundle, bids = made
    out, other = shutil.copytree(done[0], tmp_path / "results"), tmp_path / "other"
    shutil.copytree(bids / "sub-01", other / "sub-01")
    shutil.copytree(bids / "sub-02", other / "sub-04")
    change(other / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz")
    before = {path: path.read_bytes() for path in (out / "sub-01").rglob("*.*")}
    outcomes = predict_all(bundle, wanted(other), out)
    assert [(outcome.status, outcome.code) for outcome in outcomes] == [("failed", "UAD-378"), ("failed", "UAD-102")]
    assert "bids:raw:sub-01/anat/sub-01_FLAIR.nii.gz" in outcomes[0].reason
    assert {path: path.read_bytes() for path in (out / "sub-01").rglob("*.*")} == before
    assert [(row["source"].split("/")[0], row["status"]) for row in table(out) if row["scan"] == "sub-01"] == [
        ("bids:raw2:sub-01", "failed"),
        ("bids:raw:sub-01", "done"),
    ]


def test_a_name_is_free_again_when_its_results_are_removed(made, done, tmp_path):
    _, bundle, bids = made
    out, other = shutil.copytree(done[0], tmp_path / "results"), tmp_path / "other"
    shutil.copytree(bids / "sub-01", other / "sub-01")
    shutil.rmtree(out / "sub-01")
    assert [outcome.status for outcome in predict_all(bundle, wanted(other), out)] == ["done"]
    assert [row["source"] for row in table(out) if row["scan"] == "sub-01"] == [
        "bids:raw2:sub-01/anat/sub-01_FLAIR.nii.gz"
    ]


@pytest.mark.parametrize("content", ["", "scan\tstatus\nsub-01", "Patient;Volumen\r\n1;2\r\n", "\xff"])
def test_a_table_that_a_person_or_an_older_version_changed_is_made_anew(made, done, tmp_path, content):
    _, bundle, bids = made
    out = shutil.copytree(done[0], tmp_path / "results")
    before = table(out)
    (out / "predictions.tsv").write_text(content, encoding="latin-1")
    predict_all(bundle, wanted(bids / "sub-03" / "anat" / "sub-03_FLAIR.nii.gz"), out)
    assert table(out) == before
    assert [row["status"] for row in before] == ["done", "failed", "done"]


def test_a_scan_that_fails_now_does_not_keep_the_results_it_had(made, tmp_path):
    _, bundle, bids = made
    out, changed = tmp_path / "results", shutil.copytree(bids, tmp_path / "bids")
    predict_all(bundle, wanted(changed), out)
    (changed / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz").write_bytes(b"no scan")
    figures = out / "sub-01" / "figures"
    for name in ("sub-01_qc.png", "sub-01_run-1_qc.png"):
        (figures / name).touch()
    (out / "sub-01" / "anat" / ".sub-01_space-orig_label-L_mask.nii.gz-77").write_bytes(b"of a killed process")
    outcomes = predict_all(bundle, wanted(changed), out)
    assert [outcome.status for outcome in outcomes] == ["failed", "failed", "done"]
    assert list((out / "sub-01" / "anat").iterdir()) == []
    assert [path.name for path in figures.iterdir()] == ["sub-01_run-1_qc.png"]
    assert len(list((out / "sub-03" / "anat").iterdir())) == 12

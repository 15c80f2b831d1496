"""Many scans: a faulty one stops no other, none is done twice, and the results are valid BIDS derivatives."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import ray
import typer
from applying import made_bundle, scan_of, values
from typer.testing import CliRunner

from uadray import __version__
from uadray.bids_app import bids_app
from uadray.errors import DataError
from uadray.export import export
from uadray.predict import predict
from uadray.prediction import batch
from uadray.prediction.batch import predict_all
from uadray.prediction.results import begin
from uadray.prediction.scans import wanted

VALIDATOR = shutil.which("bids-validator-deno", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def run(command, *arguments):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, and a BIDS folder with two scans and one that is none."""
    folder = tmp_path_factory.mktemp("workspace")
    store, _, bundle = made_bundle(folder)
    bids = folder / "bids"
    for name, subject in zip(("sub-01", "sub-03"), store.subjects("val", "lesion"), strict=True):
        (bids / name / "anat").mkdir(parents=True)
        shutil.copy(scan_of(folder, subject), bids / name / "anat" / f"{name}_FLAIR.nii.gz")
    (bids / "sub-02" / "ses-1" / "anat").mkdir(parents=True)
    (bids / "sub-02" / "ses-1" / "anat" / "sub-02_ses-1_FLAIR.nii.gz").write_bytes(b"no scan")
    return folder, bundle, bids


@pytest.fixture(scope="module")
def done(made, tmp_path_factory):
    _, bundle, bids = made
    out = tmp_path_factory.mktemp("out") / "results"
    return out, run(predict, bundle.path, bids, "-o", out)


def table(out):
    head, *lines = (line.split("\t") for line in (out / "predictions.tsv").read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]


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


def test_every_output_lies_on_its_scans_grid_and_says_what_it_is(made, done):
    _, bundle, bids = made
    out, _ = done
    scan = nib.load(bids / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz")
    images = sorted((out / "sub-01" / "anat").glob("*.nii.gz"))
    assert [path.name for path in images] == [
        "sub-01_space-orig_desc-anomaly_probseg.nii.gz",
        "sub-01_space-orig_desc-assessed_mask.nii.gz",
        "sub-01_space-orig_desc-recon_FLAIR.nii.gz",
        "sub-01_space-orig_desc-residual_FLAIR.nii.gz",
        "sub-01_space-orig_label-L_mask.nii.gz",
    ]
    for path in images:
        assert nib.load(path).affine.tobytes() == scan.affine.tobytes()
        assert nib.load(path).shape == scan.shape
        sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
        assert sidecar["Sources"] == ["bids:raw:sub-01/anat/sub-01_FLAIR.nii.gz"]
        assert sidecar["Notice"].startswith("Research use only")
        assert sidecar["ModelDigest"] == bundle.digest


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


def test_the_table_and_the_sidecars_name_runtime_device_and_version(done):
    out, _ = done
    assert [(row["runtime"], row["device"]) for row in table(out) if row["status"] == "done"] == [
        ("PyTorch, fp32", "cpu")
    ] * 2
    told = json.loads((out / "sub-01" / "anat" / "sub-01_lesions.json").read_text())
    assert (told["Runtime"], told["Device"], told["UadrayVersion"]) == ("PyTorch, fp32", "cpu", __version__)


@pytest.mark.parametrize("device", ["foo", "meta", "cuda:99"])
def test_a_device_that_is_not_here_is_refused_before_the_model_is_opened(made, tmp_path, device):
    scan = made[2] / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz"
    commands = [
        (predict, tmp_path / "no model", scan, "-o", tmp_path / "out"),
        (bids_app, made[2], tmp_path / "out", "participant", "--model", tmp_path / "no model"),
    ]
    for command in commands:
        ended = run(*command, "--device", device)
        assert (ended.exit_code, "UAD-390" in ended.output) == (2, True), ended.output


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


@pytest.mark.slow
def test_the_results_are_the_same_bytes_over_cores(made, done, tmp_path):
    _, bundle, bids = made
    try:
        ended = run(predict, bundle.path, bids, "-o", tmp_path / "out", "--workers", 2)
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
    ended = run(
        predict, bundle.path, bids / "sub-02" / "ses-1" / "anat" / "sub-02_ses-1_FLAIR.nii.gz", "-o", tmp_path / "o"
    )
    assert ended.exit_code == 2
    assert table(tmp_path / "o")[0]["code"] == "UAD-102"


def test_a_plain_file_gets_a_bids_name_and_a_study_is_a_model(made, tmp_path):
    folder, _, bids = made
    scan = shutil.copy(bids / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz", tmp_path / "my scan.nii.gz")
    ended = run(predict, "toy:best", scan, "-o", tmp_path / "out", "--workspace", folder)
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


def sources(out):
    """Where the sidecars of results say that their scans lie, as files."""
    links = json.loads((out / "dataset_description.json").read_text())["DatasetLinks"]
    found = {}
    for path in out.rglob("*_mask.json"):
        _, name, place = json.loads(path.read_text())["Sources"][0].split(":", 2)
        found[path.name.split("_space")[0]] = (name, (out / links[name] / place).resolve())
    return found


def test_scans_of_several_data_sets_keep_links_to_where_they_lie(made, tmp_path):
    _, bundle, bids = made
    scan = bids / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz"
    described = tmp_path / "described"
    (described / "sub-07" / "anat").mkdir(parents=True)
    (described / "dataset_description.json").write_text("{}")
    seven = shutil.copy(scan, described / "sub-07" / "anat" / "sub-07_FLAIR.nii.gz")
    single = shutil.copy(scan, tmp_path / "single.nii.gz")
    out = tmp_path / "out"
    for place in (scan, seven, single, scan):
        predict_all(bundle, wanted(place), out)
    assert sources(out) == {"sub-01": ("raw", scan), "sub-07": ("raw2", seven), "sub-single": ("raw3", single)}


def test_a_table_links_to_the_data_set_of_each_scan(made, tmp_path):
    _, bundle, bids = made
    for name in ("a", "b"):
        shutil.copytree(bids / "sub-01", tmp_path / name / "sub-01")
    table = tmp_path / "scans.csv"
    image = "sub-01/anat/sub-01_FLAIR.nii.gz"
    table.write_text(f"subject,image\n01,a/{image}\n02,b/{image}\n")
    predict_all(bundle, wanted(table), tmp_path / "out")
    found = sources(tmp_path / "out")
    assert found == {"sub-01": ("raw", tmp_path / "a" / image), "sub-02": ("raw2", tmp_path / "b" / image)}


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
    ended = run(export, folder / "studies" / "toy", "-o", tmp_path / "model")
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "model" / "SHA256SUMS").read_text() == (bundle.path / "SHA256SUMS").read_text()
    assert run(export, "nothing:best", "-o", tmp_path / "other", "--workspace", folder).exit_code == 2
    lost = run(export, f"{folder / 'studies' / 'toy'}:999", "-o", tmp_path / "other")
    assert (lost.exit_code, "UAD-332" in lost.output, "Choose of trials 0." in lost.output) == (1, True, True)


@pytest.mark.skipif(VALIDATOR is None, reason="bids-validator-deno is not installed")
def test_the_validator_has_no_error(made, tmp_path):
    _, bundle, bids = made
    changed = shutil.copytree(bids, tmp_path / "bids")
    (old,) = (changed / "sub-02" / "ses-1" / "anat").iterdir()
    good = changed / "sub-01" / "anat" / "sub-01_FLAIR.nii.gz"
    shutil.copy(good, old.with_name("sub-02_ses-1_acq-3d_run-1_FLAIR.nii.gz"))
    old.unlink()
    out = tmp_path / "out"
    predict_all(bundle, wanted(changed), out)
    predict_all(bundle, wanted(shutil.copy(good, tmp_path / "an other.nii.gz")), out)
    figures = sorted(path.relative_to(out).as_posix() for path in out.rglob("figures/*"))
    assert figures == [
        "sub-01/figures/sub-01_qc.png",
        "sub-01/figures/sub-01_viewer.html",
        "sub-02/ses-1/figures/sub-02_ses-1_acq-3d_run-1_qc.png",
        "sub-02/ses-1/figures/sub-02_ses-1_acq-3d_run-1_viewer.html",
        "sub-03/figures/sub-03_qc.png",
        "sub-03/figures/sub-03_viewer.html",
        "sub-another/figures/sub-another_qc.png",
        "sub-another/figures/sub-another_viewer.html",
    ]
    ran = subprocess.run([VALIDATOR, str(out), "--json"], capture_output=True, text=True, timeout=120)
    issues = json.loads(ran.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    (out / "sub-01" / "anat" / "nonsense.nii.gz").write_bytes(b"")
    ran = subprocess.run([VALIDATOR, str(out), "--json"], capture_output=True, text=True, timeout=120)
    assert any(issue["severity"] == "error" for issue in json.loads(ran.stdout)["issues"]["issues"])

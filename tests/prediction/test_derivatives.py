"""Results are valid BIDS derivatives that say what they are and where they are from."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import pytest
from applying import table

from uadray import __version__
from uadray.prediction.batch import predict_all
from uadray.prediction.scans import wanted

VALIDATOR = shutil.which("bids-validator-deno", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


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


def test_the_table_and_the_sidecars_name_runtime_device_and_version(done):
    out, _ = done
    assert [(row["runtime"], row["device"]) for row in table(out) if row["status"] == "done"] == [
        ("PyTorch, fp32", "cpu")
    ] * 2
    told = json.loads((out / "sub-01" / "anat" / "sub-01_lesions.json").read_text())
    assert (told["Runtime"], told["Device"], told["UadrayVersion"]) == ("PyTorch, fp32", "cpu", __version__)


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

"""A model applied to a BIDS folder, which several tests look at."""

import shutil

import pytest
from applying import made_bundle, scan_of
from commanding import command

from uadray.predict import predict


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def done(made, tmp_path_factory):
    """The folder of the results, which no test may change, and how the command ended."""
    _, bundle, bids = made
    out = tmp_path_factory.mktemp("out") / "results"
    return out, command(predict, bundle.path, bids, "-o", out)

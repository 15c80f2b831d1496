"""What `ray job submit --working-dir .` would upload, as Ray itself packs it."""

import shutil
import zipfile

import pytest
from cluster_files import ROOT
from ray._private.runtime_env.packaging import create_package, get_uri_for_directory

SHIPPED = [
    *(
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "uadray").rglob("*.*"))
        if "__pycache__" not in path.parts
    ),
    *("search_spaces/latent.yaml", "constraints.txt", "clusters/aws.yaml"),
]
KEPT = [
    "sub-01_FLAIR.nii.gz",
    "my_cohort/sub-01/anat/sub-01_FLAIR.nii",
    "my_cohort/dicom/0001.dcm",
    "runs/studies/latent/trial.json",
    "runs-of-june/weights.safetensors",
    "exports/patients.parquet",
    "mlflow.db",
    "data/participants.tsv",
    "keys/cluster.pem",
    "my.env",
    ".env",
    ".git/config",
    "auth_token",
    "aws_credentials",
]


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    for name in (".gitignore", ".rayignore"):
        shutil.copy(ROOT / name, folder)
    for name in SHIPPED + KEPT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    package = folder.parent / "package.zip"
    uri = get_uri_for_directory(str(folder), include_gitignore=True, excludes=[])
    assert uri.startswith("gcs://")
    create_package(str(folder), package, include_gitignore=True, excludes=[])
    return set(zipfile.ZipFile(package).namelist())


def test_code_and_search_spaces_are_shipped(uploaded):
    assert "uadray/data/store.py" in SHIPPED
    assert set(SHIPPED) <= uploaded


@pytest.mark.parametrize("name", KEPT)
def test_scans_results_and_secrets_stay(uploaded, name):
    assert name not in uploaded

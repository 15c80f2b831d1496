import json

import nibabel as nib
import numpy as np
import pytest

from uadray.data.nnunet import NnunetCohort
from uadray.data.reading import read
from uadray.errors import DataError

HEAD = np.pad(np.random.default_rng(0).uniform(1, 2, (40, 40, 6)).astype(np.float32), ((4, 4), (4, 4), (0, 0)))
EMPTY = np.zeros(HEAD.shape, np.uint8)
SPOT = EMPTY.copy()
SPOT[20:24, 20:24, 3] = 1


def save(path, data):
    path.parent.mkdir(exist_ok=True)
    nib.save(nib.Nifti1Image(data, np.diag([3.0, 3.0, 6.0, 1.0])), path)


class Dataset:
    def __init__(self, root):
        self.root = root
        self.describe(channel_names={"0": "FLAIR"}, file_ending=".nii.gz")

    def describe(self, **content):
        self.root.mkdir(exist_ok=True)
        (self.root / "dataset.json").write_text(json.dumps(content))

    def add(self, case, label=None, channel=0, ending=".nii.gz"):
        save(self.root / "imagesTr" / f"{case}_{channel:04d}{ending}", HEAD)
        if label is not None:
            save(self.root / "labelsTr" / f"{case}{ending}", label)

    def subjects(self, *healthy):
        return NnunetCohort(root=self.root, healthy=healthy).subjects(self.root)

    def codes(self, *healthy):
        with pytest.raises(DataError) as caught:
            self.subjects(*healthy)
        return [problem.code for problem in caught.value.problems]


@pytest.fixture
def dataset(tmp_path):
    """Two healthy cases and a patient."""
    made = Dataset(tmp_path / "Dataset001_MS")
    made.add("ms_01", SPOT)
    made.add("control_01")
    made.add("control_02", EMPTY)
    return made


def test_cases_are_listed_by_name_with_their_files(dataset):
    first, second, patient = dataset.subjects("control_*")
    assert [s.id for s in (first, second, patient)] == ["control_01", "control_02", "ms_01"]
    assert [s.group for s in (first, second, patient)] == ["healthy", "healthy", "lesion"]
    assert patient.image == dataset.root / "imagesTr/ms_01_0000.nii.gz"
    assert patient.lesion_mask == dataset.root / "labelsTr/ms_01.nii.gz"
    assert (first.lesion_mask, patient.person, patient.split) == (None, "ms_01", None)


def test_an_empty_label_map_does_not_make_a_patient_healthy(dataset):
    assert [s.group for s in dataset.subjects("control_01")] == ["healthy", "lesion", "lesion"]


def test_a_healthy_case_with_a_lesion_is_refused_when_it_is_read(dataset):
    with pytest.raises(DataError, match="UAD-113"):
        read(dataset.subjects("*")[2])


def test_the_channel_is_the_one_that_is_flair(dataset):
    dataset.describe(channel_names={"0": "T1", "2": "T2-Flair"}, file_ending=".nii")
    dataset.add("case", SPOT, channel=2, ending=".nii")
    dataset.add("case", channel=0, ending=".nii")
    (subject,) = dataset.subjects()
    assert subject.image == dataset.root / "imagesTr/case_0002.nii"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"channel_names": ["FLAIR"]},
        {"channel_names": {"0": "T1"}},
        {"channel_names": {"0": "FLAIR", "1": "FLAIR2"}},
        {"channel_names": {"../0": "FLAIR"}},
        {"channel_names": {"0": "FLAIR"}, "file_ending": ".png"},
    ],
)
def test_a_description_without_one_flair_channel_is_refused(dataset, content):
    dataset.describe(**content)
    assert dataset.codes("control_*") == ["UAD-137"]


@pytest.mark.parametrize("text", [b"", b"\xff", b"[1]", b"[" * 100_000, None])
def test_a_description_that_cannot_be_read_is_refused(dataset, text):
    (dataset.root / "dataset.json").unlink()
    if text is not None:
        (dataset.root / "dataset.json").write_bytes(text)
    assert dataset.codes("control_*") == ["UAD-137"]


def test_a_missing_or_empty_dataset_is_refused(dataset, tmp_path):
    with pytest.raises(DataError, match="UAD-120"):
        NnunetCohort(root=tmp_path / "nowhere", healthy=()).subjects(tmp_path)
    dataset.describe(channel_names={"7": "FLAIR"})
    assert dataset.codes("control_*") == ["UAD-122"]


def test_all_problems_are_told_at_once(dataset, tmp_path):
    dataset.add("ms_02")
    dataset.add("ms 3", SPOT)
    dataset.add("ms_04", SPOT)
    outside = (dataset.root / "imagesTr/ms_04_0000.nii.gz").rename(tmp_path / "elsewhere.nii.gz")
    (dataset.root / "imagesTr/ms_04_0000.nii.gz").symlink_to(outside)
    assert sorted(dataset.codes("control_*", "Control*")) == ["UAD-125", "UAD-128", "UAD-129", "UAD-138"]


def test_a_cohort_can_be_written_in_a_configuration(tmp_path):
    cohort = NnunetCohort.parse({"root": str(tmp_path), "healthy": ["c*"]})
    assert json.loads(cohort.model_dump_json()) == {"kind": "nnunet", "root": str(tmp_path), "healthy": ["c*"]}

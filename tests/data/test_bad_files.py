import gzip
import os
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest
from data.bad_files import BRAIN, CONTENTS, LESION, PLACES, VOXELS, content, file, scan, swapped
from data.bad_headers import ABSURD, GRIDS, HARMLESS, HEADERS, INTENSITIES, MASKS, with_extension

from uadray.data.nifti import read_scan
from uadray.data.pipeline import Pipeline, PipelineConfig
from uadray.data.subject import Subject
from uadray.errors import DataError

CONFIG = PipelineConfig.parse({"slices": {"kind": "middle", "count": 4}, "canvas": {"kind": "pad", "size": 64}})
NOT_AS_ROOT = {"a scan that nobody may read"} if os.getuid() == 0 else set()
OF_THE_FILE = {f"UAD-{number}" for number in (*range(101, 111), 113)}  # others are of the subject


@pytest.fixture
def patient(tmp_path):
    """A patient whose files are good."""
    good = tmp_path / "good"
    good.mkdir()
    image, lesion, brain = (
        file(content(array), f"{name}.nii")(good)
        for name, array in (("image", VOXELS), ("lesion", LESION), ("brain", BRAIN))
    )
    return Subject("sub-1", "lesion", "here", image, lesion, brain)


@pytest.fixture
def cut(tmp_path):
    """What becomes of a subject; warnings are errors."""

    def cut(subject, config=CONFIG):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return Pipeline(config, tmp_path / "steps")(subject)

    return cut


def assert_refused(cut, code, path):
    """For this one reason, in words that lead to the file."""
    (problem,) = cut.problems
    assert cut.stack is None
    assert problem.code == code, str(problem)
    assert problem.where.startswith("sub-1, ")
    assert code not in OF_THE_FILE or str(path) in problem.where
    assert all(text.strip() for text in (problem.must, problem.got, problem.do))


def cases(*corpora):
    return [
        pytest.param(code, make, id=name, marks=pytest.mark.skipif(name in NOT_AS_ROOT, reason="root reads everything"))
        for corpus in corpora
        for name, (code, make) in corpus.items()
    ]


def test_the_good_patient_is_taken(cut, patient):
    assert cut(patient).problems == ()


@pytest.mark.parametrize(("code", "make"), cases(PLACES, CONTENTS, HEADERS, ABSURD, GRIDS, INTENSITIES))
def test_a_bad_scan_is_refused(cut, patient, tmp_path, code, make):
    path = make(tmp_path)
    assert_refused(cut(replace(patient, image=path)), code, path)


@pytest.mark.parametrize("which", ["lesion_mask", "brain_mask"])
@pytest.mark.parametrize(("code", "make"), cases(MASKS))
def test_a_bad_mask_is_refused(cut, patient, tmp_path, code, make, which):
    path = make(tmp_path)
    assert_refused(cut(replace(patient, **{which: path})), code, path)


def test_a_healthy_subject_with_a_lesion_is_refused(cut, patient):
    assert_refused(cut(replace(patient, group="healthy")), "UAD-113", patient.lesion_mask)


BETWEEN = 1 - BRAIN  # what is not brain
SUBJECTS = {  # files that are good one by one: code, scan, lesion, brain, settings
    "lesions around the brain": ("UAD-116", VOXELS + BETWEEN, BETWEEN, BRAIN, {}),
    "an empty brain mask": ("UAD-114", VOXELS, LESION, 0 * BRAIN, {}),
    "a lesion that is all of the brain": ("UAD-116", VOXELS, BRAIN, BRAIN, {}),
    "a brain of a few voxels": ("UAD-114", VOXELS, LESION, LESION, {}),
    "no brain at the height that is asked for": (
        "UAD-111",
        VOXELS,
        LESION,
        BRAIN,
        {"slices": {"kind": "range_mm", "lower": 500, "upper": 600}},
    ),
    "a brain larger than the canvas": ("UAD-112", VOXELS, LESION, BRAIN, {"canvas": {"kind": "pad", "size": 32}}),
    "a brain without contrast": ("UAD-115", VOXELS * BETWEEN + BETWEEN, LESION, BRAIN, {}),
    "a constant brain on noise": ("UAD-115", np.where(BRAIN, 7, VOXELS + BETWEEN), LESION, BRAIN, {}),
}


@pytest.mark.parametrize(("code", "image", "lesion", "brain", "settings"), SUBJECTS.values(), ids=SUBJECTS)
def test_good_files_that_do_not_go_together_are_refused(cut, patient, code, image, lesion, brain, settings):
    for path, array in ((patient.image, image), (patient.lesion_mask, lesion), (patient.brain_mask, brain)):
        path.write_bytes(content(array.astype(np.int16)))
    assert_refused(cut(patient, CONFIG.parse({**CONFIG.plain(), **settings})), code, patient.image)


def test_everything_that_is_wrong_with_a_subjects_masks_is_told_at_once(cut, patient, tmp_path):
    bad = [file(b"", "lesion.nii")(tmp_path), scan(LESION[1:])(tmp_path)]
    problems = cut(replace(patient, lesion_mask=bad[0], brain_mask=bad[1])).problems
    assert {problem.code for problem in problems} == {"UAD-102", "UAD-109"}


@pytest.mark.parametrize(("code", "make"), cases(ABSURD))
def test_no_room_is_made_for_a_size_that_is_only_promised(tmp_path, code, make):
    path = make(tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=code):
            read_scan(path)
        assert tracemalloc.get_traced_memory()[1] < 40e6  # 800 voxels each way would be 1 GB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("fields", HARMLESS.values(), ids=HARMLESS)
def test_fields_that_say_nothing_about_voxels_and_grid_are_not_looked_at(tmp_path, fields):
    good = read_scan(scan()(tmp_path))
    assert_same(read_scan(scan(**fields)(tmp_path)), good)


def test_the_other_byte_order_is_the_same_scan(tmp_path):
    assert_same(read_scan(file(swapped(content(VOXELS)), "swapped.nii")(tmp_path)), read_scan(scan()(tmp_path)))


def test_a_handedness_of_0_is_1(tmp_path):
    upright = {"array": VOXELS, "affine": np.diag([3.0, 3, 6, 1]), "sform_code": 0}
    assert_same(read_scan(scan(**upright, pixdim={0: 0})(tmp_path)), read_scan(scan(**upright)(tmp_path)))


@pytest.mark.parametrize("code", [0, 2, 4, 32, -1], ids=["unknown", "DICOM", "AFNI", "CIFTI", "negative"])
@pytest.mark.parametrize("size", [32, 17, 8, 0, -5, 2**31 - 1])
def test_a_damaged_extension_of_the_header_changes_nothing(tmp_path, code, size):
    good = read_scan(scan()(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(read_scan(file(with_extension(size, code, b"<CIFTI>\xff&;"))(tmp_path)), good)


def assert_same(volume, other):
    assert np.array_equal(volume.data, other.data)
    assert np.array_equal(volume.affine, other.affine)


SMALL = content(VOXELS[15:22, 20:28, :5])


def damaged(data, random):
    """Some bytes replaced, or zeroed, lost or repeated for a stretch, or the end cut off; half of it in the header."""
    length = len(data) if random.random() < 0.5 else min(400, len(data))
    first = int(random.integers(length))
    last = first + int(random.integers(1, 40))
    changed = bytearray(data)
    match random.integers(5):
        case 0:
            for place in random.integers(length, size=random.integers(1, 6)):
                changed[place] = random.integers(256)
        case 1:
            changed[first:last] = bytes(len(changed[first:last]))
        case 2:
            del changed[first:last]
        case 3:
            changed[first:first] = changed[first:last]
        case _:
            del changed[first:]
    return bytes(changed)


@pytest.mark.parametrize(
    "data", [SMALL, with_extension(32, 6, b"a comment", SMALL)], ids=["plain", "with an extension"]
)
def test_a_damaged_compressed_scan_is_refused_or_is_the_same_scan(tmp_path, data):
    random, good = np.random.default_rng(0), read_scan(file(SMALL)(tmp_path))
    refused = 0
    for _ in range(300):
        path = file(damaged(gzip.compress(data, mtime=0), random), "damaged.nii.gz")(tmp_path)
        try:
            assert_same(read_scan(path), good)  # the damage is in what gzip says of the time, or there is none
        except DataError:
            refused += 1
    assert refused > 250


def test_a_damaged_plain_scan_is_refused_or_is_a_scan(tmp_path):
    """Without a checksum nobody can tell one number from another: other voxels, and a moved grid, go unnoticed."""
    random, refused = np.random.default_rng(0), 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(300):
            try:
                volume = read_scan(file(damaged(SMALL, random))(tmp_path))
            except DataError:
                refused += 1
            else:
                assert np.isfinite(volume.data).all()
                assert np.linalg.det(volume.affine) > 0
    assert 150 < refused < 300


def test_a_compressed_scan_damaged_before_it_was_compressed_is_refused_or_is_a_scan(tmp_path):
    random = np.random.default_rng(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(300):
            path = file(gzip.compress(damaged(SMALL, random), 1), "damaged.nii.gz")(tmp_path)
            try:
                assert np.isfinite(read_scan(path).data).all()
            except DataError as error:
                assert str(path) in str(error)

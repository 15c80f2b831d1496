"""The demo cohort: reproducible, anatomically ordered, and written whole or not at all."""

import itertools

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from uadray.data.bids import BidsCohort
from uadray.data.phantom import person
from uadray.data.phantom.anatomy import Grid, draw_anatomy
from uadray.data.phantom.atlas import icbm152
from uadray.data.phantom.cohort import PhantomCohort
from uadray.data.phantom.flair import scan
from uadray.data.phantom.lesions import draw_lesions, no_lesions
from uadray.data.reading import read

TINY = PhantomCohort(healthy=2, lesion=3, spacing_mm=4.0)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    TINY.subjects(folder)
    return folder


@pytest.fixture(scope="module")
def scans(workspace):
    return [read(subject) for subject in TINY.subjects(workspace)]


@pytest.fixture(scope="module")
def anatomy():
    return draw_anatomy(icbm152(), Grid.around(icbm152(), 3.0), np.random.default_rng(0))


def files(workspace):
    """Contents by path, of everything in the cohort's folder."""
    (root,) = workspace.iterdir()
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_same_seed_gives_the_same_bytes(workspace, tmp_path):
    TINY.subjects(tmp_path)
    assert files(tmp_path) == files(workspace)


def test_another_seed_gives_other_people(workspace, tmp_path):
    TINY.model_copy(update={"seed": 1}).subjects(tmp_path)
    again, first = files(tmp_path), files(workspace)
    assert again.keys() == first.keys()
    assert not any(again[name] == first[name] for name in first if name.endswith(".nii.gz"))


def test_a_person_does_not_depend_on_how_many_others_there_are(workspace, tmp_path):
    TINY.model_copy(update={"healthy": 1, "lesion": 1}).subjects(tmp_path)
    fewer, first = files(tmp_path), files(workspace)
    scans_of_fewer = [name for name in fewer if name.endswith(".nii.gz")]
    assert len(scans_of_fewer) == 5
    assert all(fewer[name] == first[name] for name in scans_of_fewer)


def test_people_differ(scans):
    for one, another in itertools.pairwise(scans):
        assert np.mean(one.brain != another.brain) > 0.005


def test_the_folder_reads_back_as_bids(workspace):
    (root,) = workspace.iterdir()
    subjects = BidsCohort(root=root).subjects(workspace)
    assert subjects == TINY.subjects(workspace)
    assert [subject.group for subject in subjects] == ["healthy"] * 2 + ["lesion"] * 3
    assert [subject.id for subject in subjects][::2] == ["sub-healthy001", "sub-lesion001", "sub-lesion003"]
    assert all(subject.brain_mask for subject in subjects)


def test_scans_are_in_ras_millimetres_of_mni_space(scans):
    for scan_of_one in scans:
        assert scan_of_one.volume.spacing_mm == (4.0, 4.0, 4.0)
        centre = scan_of_one.volume.affine @ [*ndimage.center_of_mass(scan_of_one.brain), 1]
        np.testing.assert_allclose(centre[:3], (0, -20, 8), atol=8)


@pytest.mark.parametrize("spacing_mm", [2.0, 4.0])
def test_a_brain_has_a_plausible_volume_and_air_around_it(spacing_mm):
    grid = Grid.around(icbm152(), spacing_mm)
    for seed in range(4):
        brain = draw_anatomy(icbm152(), grid, np.random.default_rng(seed)).brain
        assert 1.4e6 < brain.sum() * spacing_mm**3 < 2.2e6  # mm3, with ventricles and sulci
        assert not any(side.any() for axis in range(3) for side in np.moveaxis(brain, axis, 0)[[0, -1]])


def test_outside_the_brain_a_scan_is_zero_and_inside_it_is_not(scans):
    for scan_of_one in scans:
        np.testing.assert_array_equal(scan_of_one.volume.data > 0, scan_of_one.brain)


def test_csf_is_darker_than_white_matter_and_white_than_grey(anatomy):
    signal = scan(anatomy, no_lesions(anatomy), np.random.default_rng(0))
    csf, white, grey = (signal[share > 0.9].mean() for share in (anatomy.csf, anatomy.white, anatomy.grey))
    assert csf < 0.5 * white < white < 0.95 * grey


def test_only_patients_have_a_lesion_mask(workspace, scans):
    for subject, scan_of_one in zip(TINY.subjects(workspace), scans, strict=True):
        assert (subject.lesion_mask is not None) == (subject.group == "lesion")
        assert scan_of_one.lesion.any() == (subject.group == "lesion")


def test_lesions_lie_in_the_brain_and_are_brighter_than_what_surrounds_them(scans):
    for patient in scans[2:]:
        assert not (patient.lesion & ~patient.brain).any()
        around = ndimage.binary_dilation(patient.lesion, iterations=2) & patient.brain & ~patient.lesion
        assert patient.volume.data[patient.lesion].mean() > 1.1 * patient.volume.data[around].mean()


def test_lesions_are_in_white_matter_and_near_the_ventricles(anatomy):
    drawn = [draw_lesions(anatomy, np.random.default_rng(seed)).mask for seed in range(8)]
    where = np.concatenate([np.flatnonzero(mask) for mask in drawn])
    assert anatomy.white[where].mean() > 0.8
    assert np.median(anatomy.ventricle_mm[where]) < 0.7 * np.median(anatomy.ventricle_mm[anatomy.white > 0.9])


def test_a_lesion_is_brighter_by_what_its_coverage_says(anatomy):
    lesions = draw_lesions(anatomy, np.random.default_rng(0))
    assert ((lesions.excess > 0) == (lesions.coverage > 0)).all()
    assert (lesions.excess <= 0.6 * lesions.coverage + 1e-6).all()
    np.testing.assert_array_equal(lesions.mask, lesions.coverage >= 0.5)


def test_the_ventricles_of_the_atlas_are_the_ventricles():
    frontal, occipital = icbm152().horns_mm[::2], icbm152().horns_mm[1::2]
    assert (frontal[:, 1] > 20).all()
    assert (occipital[:, 1] < -40).all()
    np.testing.assert_allclose(icbm152().horns_mm[:2, 0], -icbm152().horns_mm[2:, 0], atol=4)
    inside, outside = np.array([(-12.0, 18, 10), (12, 18, 10), (-28, -48, 8), (0, -40, 0)], np.float32), (0, 60, 0)
    distances = icbm152().ventricle_mm.at(np.array([*inside, outside], np.float32).T)
    assert (distances[:3] < 3).all()  # bodies and trigones of the lateral ventricles
    assert (distances[3:] > 5).all()  # the cistern behind the brain stem, and the frontal pole


def test_a_person_is_the_same_at_any_voxel_size():
    grids = (Grid.around(icbm152(), spacing_mm) for spacing_mm in (2.0, 4.0))
    fine, coarse = (draw_anatomy(icbm152(), grid, np.random.default_rng(0)) for grid in grids)
    for one, another in ((fine.grey, coarse.grey), (fine.csf, coarse.csf)):
        assert one.mean() == pytest.approx(another.mean(), rel=0.03)
    assert fine.brain.sum() == pytest.approx(8 * coarse.brain.sum(), rel=0.01)


def test_an_interrupted_write_leaves_no_cohort(tmp_path, monkeypatch):
    write_nifti, written = person._write_nifti, []

    def power_cut(path, *volume):
        write_nifti(path, *volume)
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(person, "_write_nifti", power_cut)
        with pytest.raises(KeyboardInterrupt):
            TINY.subjects(tmp_path)
    assert not list(tmp_path.glob("phantom-*"))
    assert len(TINY.subjects(tmp_path)) == 5


def test_what_a_killed_process_left_is_ignored(workspace, tmp_path):
    (root,) = workspace.iterdir()
    half = tmp_path / f".{root.name}-x" / root.name / "sub-healthy001"
    half.mkdir(parents=True)
    assert len(TINY.subjects(tmp_path)) == 5
    assert half.exists()


def test_a_complete_cohort_is_not_written_again(workspace, monkeypatch):
    monkeypatch.delattr(person, "write_person")
    assert len(TINY.subjects(workspace)) == 5


def test_the_slower_of_two_processes_takes_what_the_faster_wrote(workspace, tmp_path, monkeypatch):
    (root,) = workspace.iterdir()
    write = PhantomCohort._write

    def overtaken(self, folder):
        write(self, folder)
        write(self, tmp_path / root.name)

    monkeypatch.setattr(PhantomCohort, "_write", overtaken)
    assert len(TINY.subjects(tmp_path)) == 5
    assert [path.name for path in tmp_path.iterdir()] == [root.name]


@pytest.mark.parametrize("wrong", [{"healthy": 0}, {"lesion": -1}, {"spacing_mm": 0.1}, {"seed": -1}])
def test_impossible_cohorts_are_refused(wrong):
    with pytest.raises(ValidationError):
        PhantomCohort.parse(wrong)

"""A scan's results are those of the study's own scoring, in the space of the scan, and silent where no one looked."""

import nibabel as nib
import numpy as np
import pytest
from applying import made_bundle, scan_of

from uadray.prediction.extent import Extent
from uadray.prediction.lesions import lesions
from uadray.prediction.predicting import predict
from uadray.scoring.stacks import by_patient


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    settings = {"slices": {"kind": "middle", "count": 5}, "canvas": {"kind": "pad", "size": 64}}
    return folder, *made_bundle(folder, settings=settings, scoring={"median_filter": 3, "erosion": 1})


def slice_of(volume, z, size=64):
    """An axial slice of a RAS volume as the model saw it: from anterior to posterior, from right to left."""
    image = volume[::-1, ::-1, z].T
    canvas = np.zeros((size, size), image.dtype)
    row, column = ((size - side) // 2 for side in image.shape)
    canvas[row : row + image.shape[0], column : column + image.shape[1]] = image
    return canvas


@pytest.fixture(scope="module")
def patient(made):
    """A validation patient with the study's slices, and what the model makes of the scan."""
    folder, store, _, bundle = made
    slices = store.read("val", "lesion")
    subject, rows = next(by_patient(slices))
    return slices.only(rows.tolist()), predict(bundle, scan_of(folder, subject)), bundle


def test_maps_and_segmentation_are_those_of_the_studys_scoring(patient):
    slices, found, bundle = patient
    detector = bundle.detector()
    maps = detector.anomaly_maps(slices)
    segmentation = detector.segment(maps, slices, bundle.content.threshold)
    assert segmentation.any()
    for row, z in enumerate(slices.slice_indices.tolist()):
        assert (slice_of(found.segmentation, z) == segmentation[row]).all()
        assert slice_of(found.anomaly, z) == pytest.approx(maps[row], abs=1e-6)
        brain = slices.brain[row, 0]
        assert slice_of(found.reconstruction, z)[brain] == pytest.approx(
            detector.reconstructions(slices.only([row]))[0][brain], abs=1e-6
        )


def test_slices_that_were_not_taken_are_not_assessed_and_nothing_is_said_about_them(patient):
    slices, found, _ = patient
    taken = slices.slice_indices.tolist()
    assert np.flatnonzero(found.assessed.any(axis=(0, 1))).tolist() == taken
    others = np.delete(np.arange(found.assessed.shape[2]), taken)
    for array in (found.reconstruction, found.residual, found.anomaly, found.segmentation):
        assert not array[:, :, others].any()
    assert found.extent.slices == len(taken) < found.extent.slices_with_brain
    assert 0 < found.extent.share < 1


def test_what_is_called_lesion_was_assessed_and_the_eroded_rim_was_not(patient):
    slices, found, _ = patient
    assert not (found.segmentation & ~found.assessed).any()
    for row, z in enumerate(slices.slice_indices.tolist()):
        assert slice_of(found.assessed, z).sum() < slices.brain[row, 0].sum()


def test_every_finding_has_its_volume_and_its_place(patient):
    _, found, _ = patient
    assert sum(lesion.voxels for lesion in found.lesions) == found.segmentation.sum()
    assert sum(lesion.ml for lesion in found.lesions) == pytest.approx(found.lesion_ml)
    for lesion in found.lesions:
        assert found.anomaly[lesion.i, lesion.j, lesion.k] == pytest.approx(lesion.score_max)
        assert found.segmentation[lesion.i, lesion.j, lesion.k]
    assert [lesion.number for lesion in found.lesions] == list(range(1, len(found.lesions) + 1))


def test_scores_of_findings_are_the_models_own_and_above_the_threshold_also_where_maps_are_interpolated(tmp_path):
    folder, store, _, bundle = tmp_path, *made_bundle(tmp_path)
    for subject in store.subjects("val", "lesion"):
        found = predict(bundle, scan_of(folder, subject))
        assert found.lesions
        assert min(lesion.score_mean for lesion in found.lesions) > found.threshold


def test_the_centre_of_a_finding_is_in_mm_of_the_scan_and_the_largest_comes_first(patient):
    found = patient[1]
    mask, scores = np.zeros(found.assessed.shape, bool), np.full(found.assessed.shape, 0.5, np.float32)
    mask[2, 3, 4] = mask[10:12, 20:24, 6:8] = True
    scores[11, 22, 7] = 0.75
    large, small = lesions(mask, scores, found.grid)
    assert (large.voxels, small.voxels) == (16, 1)
    assert (large.x_mm, large.y_mm, large.z_mm) == pytest.approx((found.grid.affine @ (10.5, 21.5, 6.5, 1))[:3])
    assert (large.i, large.j, large.k, large.score_max) == (11, 22, 7, 0.75)
    assert small.ml == pytest.approx(found.grid.voxel_mm3 / 1000)


def test_a_scan_like_those_of_the_study_has_no_warning_and_one_with_other_intensities_has(made, tmp_path):
    folder, store, _, bundle = made
    subject = next(iter(store.subjects("val", "healthy")))
    scan = scan_of(folder, subject)
    assert predict(bundle, scan).warnings == ()
    image = nib.load(scan)
    data = np.asarray(image.dataobj, np.float32)
    nib.save(nib.Nifti1Image(np.where(data > 0, data.max() - data + 1, 0), image.affine), tmp_path / "inverted.nii.gz")
    warnings = predict(bundle, tmp_path / "inverted.nii.gz").warnings
    assert any("intensities after scaling" in warning for warning in warnings)
    large = nib.Nifti1Image(data[::2, ::2, ::2], image.affine @ np.diag([2, 2, 2, 1]))
    nib.save(large, tmp_path / "coarse.nii.gz")
    coarse = predict(bundle, tmp_path / "coarse.nii.gz").warnings
    assert any(warning.startswith("pixel side, mm: 8,") for warning in coarse)
    assert any(warning.startswith("distance of slices, mm: 8,") for warning in coarse)


def test_a_brain_mask_says_what_is_assessed(made, tmp_path):
    folder, store, _, bundle = made
    scan = scan_of(folder, next(iter(store.subjects("val", "healthy"))))
    image = nib.load(scan)
    half = (np.asarray(image.dataobj) > 0).astype(np.uint8)
    half[: half.shape[0] // 2] = 0
    nib.save(nib.Nifti1Image(half, image.affine), tmp_path / "half.nii.gz")
    found = predict(bundle, scan, tmp_path / "half.nii.gz")
    assert found.assessed.any()
    assert not found.assessed[half == 0].any()


def test_a_brain_of_no_adult_is_said():
    whole = Extent(700.0, 300.0, 5, 20, 0.0, 20.0, whole_head=True)
    assert whole.warnings
    assert not Extent(700.0, 300.0, 5, 20, 0.0, 20.0, whole_head=False).warnings
    assert Extent(2300.0, 300.0, 5, 20, 0.0, 20.0, whole_head=False).warnings
    assert not Extent(1200.0, 300.0, 5, 20, 0.0, 20.0, whole_head=True).warnings

from dataclasses import replace

import numpy as np
import pytest
from making import made_slices
from scipy import ndimage

from uadray.scoring.components import label
from uadray.scoring.postprocess import (
    AllComponents,
    AnyIntensity,
    BrightInScan,
    BrightInSlice,
    LeastVolume,
    LeastVoxels,
    eroded,
)


@pytest.fixture
def volume():
    """Two patients of four slices."""
    return made_slices(patients=2, per_patient=4)


def empty(slices):
    return np.zeros(slices.brain[:, 0].shape, bool)


def test_an_eroded_brain_is_what_lies_further_than_so_many_steps_from_its_outside(patients):
    brain = patients.brain[:, 0]
    steps = np.stack([ndimage.distance_transform_cdt(np.pad(mask, 1), "taxicab")[1:-1, 1:-1] for mask in brain])
    assert np.array_equal(eroded(brain, 3), steps > 3)
    assert np.array_equal(eroded(brain, 0), brain)


def test_erosion_stays_within_the_slice():
    brain = np.zeros((3, 9, 9), bool)
    brain[1] = True
    assert eroded(brain, 2)[1].sum() == 25
    assert not eroded(brain, 5).any()


def test_bright_in_a_slice_is_a_share_of_each_brain(patients):
    brain = patients.brain[:, 0]
    allowed = BrightInSlice(percentile=75.0).allowed(patients)
    assert not allowed[~brain].any()
    shares = allowed.sum(axis=(1, 2)) / brain.sum(axis=(1, 2))
    assert shares == pytest.approx(np.full(len(brain), 0.25), abs=0.01)


def test_bright_in_a_scan_compares_a_patients_slices_and_no_others(volume):
    brighter = volume.images.copy()
    brighter[1] = np.where(volume.brain[1], 1, 0)
    changed = replace(volume, images=brighter)
    allowed = BrightInScan(percentile=70.0).allowed(changed)
    assert np.array_equal(allowed[1], volume.brain[1, 0])
    assert not allowed[[0, 2, 3]][~volume.lesion[[0, 2, 3], 0]].mean() > 0.1
    assert np.array_equal(allowed[4:], BrightInScan(percentile=70.0).allowed(volume)[4:])


def test_a_slice_without_brain_has_nothing_bright(patients):
    brain = patients.brain.copy()
    brain[0] = False
    none = replace(patients, brain=brain)
    assert not BrightInSlice().allowed(none)[0].any()
    assert AnyIntensity().allowed(none).all()


def test_a_component_goes_on_through_the_slices_and_over_corners(volume):
    segmentation = empty(volume)
    segmentation[0, 10, 10] = segmentation[1, 11, 11] = segmentation[2, 12, 10] = True
    assert np.array_equal(LeastVoxels(least=3).kept(segmentation, volume), segmentation)
    assert not LeastVoxels(least=4).kept(segmentation, volume).any()


def test_components_do_not_go_on_into_another_patient(volume):
    segmentation = empty(volume)
    segmentation[2:6, 10, 10] = True  # two slices of each
    assert not LeastVoxels(least=3).kept(segmentation, volume).any()


def test_components_do_not_go_on_over_a_missing_slice(volume):
    gap = replace(volume, slice_indices=np.array([0, 1, 3, 4, 0, 1, 2, 3], np.int32))
    segmentation = empty(gap)
    segmentation[:4, 10, 10] = True
    assert LeastVoxels(least=4).kept(segmentation, volume).sum() == 4
    assert not LeastVoxels(least=3).kept(segmentation, gap).any()
    assert label(segmentation[:4], gap.slice_indices[:4])[1] == 2


def test_the_order_of_slices_does_not_matter_to_components(volume):
    segmentation = np.random.default_rng(0).random(volume.brain[:, 0].shape) > 0.93
    order = np.random.default_rng(1).permutation(len(segmentation))
    kept = LeastVoxels(least=3).kept(segmentation, volume)
    assert 0 < kept.sum() < segmentation.sum()
    assert np.array_equal(LeastVoxels(least=3).kept(segmentation[order], volume.only(order)), kept[order])


def test_a_least_volume_is_a_number_of_voxels_of_their_volume(volume):
    segmentation = empty(volume)
    segmentation[0, 5, 5:8] = segmentation[0, 15, 5:9] = True
    kept = LeastVolume(least_ml=0.012, voxel_mm3=3.0).kept(segmentation, volume)
    assert np.array_equal(kept, LeastVoxels(least=4).kept(segmentation, volume))
    assert kept.sum() == 4


def test_all_components_stay_unless_asked_for(volume):
    segmentation = np.random.default_rng(0).random(volume.brain[:, 0].shape) > 0.9
    assert np.array_equal(AllComponents().kept(segmentation, volume), segmentation)
    assert np.array_equal(LeastVoxels(least=1).kept(segmentation, volume), segmentation)

from dataclasses import replace

import numpy as np
import pytest
from making import made_slices

from uadray.scoring.lesions import detect, detect_all


def drawn(*boxes, shape=(4, 24, 24)):
    """A mask of boxes, each three slices."""
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[box] = True
    return mask


BIG, SMALL, FAR = np.s_[0:2, 2:8, 2:8], np.s_[1, 12:14, 12:14], np.s_[3, 20, 20]  # 72, 4 and 1 voxels


def test_one_voxel_finds_a_lesion_and_a_component_in_none_is_a_false_positive():
    found = detect(drawn(np.s_[0, 2, 2], np.s_[2, 18, 2]), drawn(BIG, SMALL, FAR))
    assert (found.lesions, found.found, found.components, found.false_positives) == (3, 1, 2, 1)
    assert found.recall == pytest.approx(1 / 3)
    assert found.precision == 0.5
    assert found.f1 == pytest.approx(0.4)


def test_a_lesion_can_be_asked_to_be_segmented_in_part():
    segmentation, truth = drawn(np.s_[0, 2:8, 2:8]), drawn(BIG)  # half of it
    assert detect(segmentation, truth, share=0.5).found == 1
    assert detect(segmentation, truth, share=0.51).found == 0
    assert detect(segmentation, truth, share=0.51).false_positives == 0


def test_several_components_in_a_lesion_are_right_and_one_over_several_finds_all():
    pieces = detect(drawn(np.s_[0, 2, 2], np.s_[1, 7, 7]), drawn(BIG))
    assert (pieces.recall, pieces.precision) == (1, 1)
    over = detect(drawn(np.s_[0:3, 2:15, 2:15]), drawn(BIG, SMALL))
    assert (over.found, over.components, over.false_positives) == (2, 1, 0)


def test_voxels_that_share_a_corner_are_one_lesion_and_a_missing_slice_parts_them():
    truth = drawn(np.s_[0, 5, 5], np.s_[1, 6, 6])
    assert detect(truth, truth).lesions == 1
    assert detect(truth, truth, indices=np.array([0, 2, 3, 4])).lesions == 2


def test_recall_is_told_by_the_volume_of_lesions():
    found = detect(drawn(BIG, FAR), drawn(BIG, SMALL, FAR), voxel_mm3=2.0, sizes_mm3=(4.0, 144.0))
    assert [(c.least, c.below, c.lesions, c.found, c.recall) for c in found.sizes] == [
        (0, 4, 1, 1, 1),
        (4, 144, 1, 0, 0),
        (144, None, 1, 1, 1),
    ]
    assert detect(drawn(BIG), drawn(BIG), sizes_mm3=(2.0,)).sizes[0].recall is None


def test_a_scan_without_lesion_has_no_recall_and_one_without_component_no_precision():
    nothing, truth = drawn(), drawn(BIG)
    healthy = detect(truth, nothing)
    assert (healthy.recall, healthy.precision, healthy.f1, healthy.false_positives) == (None, 0, None, 1)
    missed = detect(nothing, truth)
    assert (missed.recall, missed.precision, missed.f1, missed.false_positives) == (0, None, 0, 0)
    empty = detect(nothing, nothing)
    assert (empty.recall, empty.precision, empty.f1, empty.false_positives) == (None, None, None, 0)


def test_means_are_over_the_patients_who_have_the_number_and_these_are_counted():
    slices = made_slices(patients=3, per_patient=2)
    lesion = slices.lesion.copy()
    lesion[:2] = False
    segmentation = lesion[:, 0].copy()
    segmentation[0, 16, 16] = True
    segmentation[4:] = False
    scored = detect_all(segmentation, replace(slices, lesion=lesion))
    assert [p.subject for p in scored.patients] == np.unique(slices.subjects).tolist()
    assert (scored.with_lesion, scored.with_component) == (2, 2)
    assert (scored.recall, scored.precision, scored.f1) == (0.5, 0.5, 0.5)
    assert scored.false_positives_per_scan == pytest.approx(1 / 3)
    assert sum(c.lesions for c in scored.sizes) == sum(p.lesions for p in scored.patients)


def test_only_lesions_in_the_brain_count_and_the_order_of_slices_does_not():
    slices = made_slices(patients=2, per_patient=3)
    segmentation = np.random.default_rng(0).random(slices.brain[:, 0].shape) > 0.98
    lesion = slices.lesion.copy()
    lesion[0, 0, 0, :3] = True
    scored = detect_all(segmentation, slices)
    assert detect_all(segmentation, replace(slices, lesion=lesion)) == scored
    order = [5, 0, 3, 2, 4, 1]
    assert detect_all(segmentation[order], slices.only(order)) == scored


def test_nobody_has_no_score():
    slices = made_slices(patients=1).only([])
    scored = detect_all(np.zeros((0, 32, 32), bool), slices)
    assert (scored.recall, scored.precision, scored.f1, scored.false_positives_per_scan) == (None, None, None, None)
    assert scored.sizes == ()


def blobs(seed, share):
    """Integer noise, summed over 3 x 3 x 3 neighbours: the same on every machine."""
    noise = np.random.default_rng(seed).integers(0, 256, (16, 40, 40))
    for axis in range(3):
        noise = noise + np.roll(noise, 1, axis) + np.roll(noise, 2, axis)
    return noise > np.sort(noise, axis=None)[round((1 - share) * noise.size)]


def test_counts_are_those_of_panoptica():
    """Golden values of panoptica 2.1.7: 26-connected, matched by any overlap, several components to one lesion.

    It joins the components of a lesion before it counts them, 115 here; matched one to one it counts 122 as we do.
    """
    truth = blobs(7, 0.03)
    segmentation = (np.roll(truth, (1, 1), (1, 2)) & truth & (np.arange(40) < 26)) | blobs(8, 0.01)
    found = detect(segmentation, truth)
    assert (found.lesions, found.found, found.components, found.false_positives) == (178, 37, 122, 78)

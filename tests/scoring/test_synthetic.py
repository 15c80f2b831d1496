"""Lesions painted on made slices: what is changed, what is labelled, and that nothing else is."""

from dataclasses import fields, replace

import numpy as np
import pytest
from making import made_slices
from pydantic import ValidationError
from scipy import ndimage

from uadray.errors import DataError
from uadray.models.intensity import IntensityConfig
from uadray.scoring.detector import Detector
from uadray.scoring.score import score
from uadray.scoring.settings import ScoringConfig
from uadray.scoring.synthetic import SyntheticConfig
from uadray.scoring.synthetic import paint as paint_with


@pytest.fixture
def slices():
    return made_slices(patients=6, size=48, seed=1, lesion=False)


def painting(**changes):
    return SyntheticConfig.parse(changes)


def paint(slices, config, seed):
    """Painted without a patient to look at."""
    return paint_with(slices, config, seed, slices.only([]))


def same(one, other):
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))


def test_the_same_seed_paints_the_same_whatever_was_drawn_before(slices):
    first = paint(slices, painting(), seed=3)
    np.random.default_rng(0).random(7)
    assert same(paint(slices, painting(), seed=3), first)
    assert not same(paint(slices, painting(), seed=4), first)


def test_every_slice_has_a_lesion_and_no_two_scans_the_same(slices):
    painted = paint(slices, painting(), seed=0)
    assert painted.lesion.any(axis=(1, 2, 3)).all()
    assert len({painted.lesion[painted.subjects == name].tobytes() for name in set(painted.subjects)}) == 6


def test_lesions_are_in_the_brain_and_images_stay_in_range(slices):
    painted = paint(slices, painting(brightness=[2.0, 4.0]), seed=0)
    assert not (painted.lesion & ~painted.brain).any()
    assert painted.images.dtype == np.float32
    assert painted.images.min() >= 0
    assert painted.images.max() == 1
    assert not painted.images[~painted.brain].any()


def test_ids_brains_and_order_are_the_healthy_slices_and_these_are_left_as_they_were(slices):
    before = replace(slices, images=slices.images.copy(), lesion=slices.lesion.copy())
    painted = paint(slices, painting(), seed=0)
    assert same(replace(painted, images=slices.images, lesion=slices.lesion), slices)
    assert same(slices, before)


def test_what_is_raised_by_half_or_more_is_what_the_mask_says(slices):
    flat = replace(slices, images=(0.4 * slices.brain).astype(np.float32))
    painted = paint(flat, painting(lesions=1, brightness=[2.0, 2.0], strength=1.0), seed=0)
    raised = painted.images >= 0.4 * (1 + 0.5) - 1e-6
    np.testing.assert_array_equal(raised, painted.lesion)
    partly = (painted.images > 0.4) & ~painted.lesion  # the soft rim
    assert partly.any()
    assert partly.sum() < painted.lesion.sum()


def test_texture_shines_through_a_lesion_as_far_as_its_strength_leaves_it(slices):
    painted = paint(slices, painting(lesions=1, brightness=[2.2, 2.2], strength=0.7), seed=0)
    for number in range(len(slices.images)):
        core = ndimage.binary_erosion(painted.lesion[number, 0], iterations=3)
        if core.sum() > 20:
            under, over = slices.images[number, 0][core], painted.images[number, 0][core]
            assert np.corrcoef(under, over)[0, 1] > 0.8
            assert over.mean() > 1.3 * under.mean()


@pytest.mark.parametrize("area", [(0.01, 0.02), (0.2, 0.3)])
def test_one_lesion_covers_the_share_of_the_brain_that_was_asked_for(slices, area):
    slices = slices.only(range(0, 12, 2))  # one slice a scan: nothing tapers off
    painted = paint(slices, painting(lesions=1, shapes={"kind": "blobs", "area": list(area)}), seed=0)
    shares = painted.lesion.sum(axis=(1, 2, 3)) / painted.brain.sum(axis=(1, 2, 3))
    pixel = 1 / painted.brain[0].sum()
    assert shares.min() >= area[0] - pixel
    assert shares.max() <= area[1] + pixel


def test_lesions_spare_csf(slices):
    images = slices.images.copy()
    images[:, :, 20:28, 20:28] *= 0.2
    painted = paint(replace(slices, images=images), painting(), seed=0)
    assert not painted.lesion[:, :, 20:28, 20:28].any()


def test_beyond_the_cap_whole_scans_are_left_out_and_the_rest_are_spread_over_all(slices):
    painted = paint(slices, painting(slices=7), seed=0)
    assert painted.subjects.tolist() == [slices.subjects[row] for row in (0, 1, 4, 5, 10, 11)]
    assert painted.slice_indices.tolist() == [0, 1] * 3
    alone = paint(slices.only([0, 2, 4, 6, 8]), painting(slices=2), seed=0)
    assert alone.subjects.tolist() == [slices.subjects[row] for row in (0, 8)]


def test_of_one_scan_beyond_the_cap_the_middle_stays_in_one_piece():
    long = made_slices(patients=1, per_patient=9, lesion=False)
    assert paint(long, painting(slices=5), seed=0).slice_indices.tolist() == [2, 3, 4, 5, 6]


def test_lesions_go_through_neighbouring_slices_and_never_over_a_gap():
    scan = made_slices(patients=1, per_patient=24, size=48, lesion=False)
    areas = {"kind": "blobs", "area": [0.02, 0.03]}
    painted = paint(scan, painting(lesions=1, shapes=areas), seed=0)
    labels, count = ndimage.label(painted.lesion[:, 0], np.ones((3, 3, 3)))
    depths = [box[0].stop - box[0].start for box in ndimage.find_objects(labels)]
    assert max(depths) > 1
    assert count < 24
    gappy = replace(scan, slice_indices=2 * scan.slice_indices)
    alone = paint(gappy, painting(lesions=1, shapes=areas), seed=0)
    overlaps = (alone.lesion[:-1] & alone.lesion[1:]).any(axis=(1, 2, 3)).mean()
    assert overlaps < (painted.lesion[:-1] & painted.lesion[1:]).any(axis=(1, 2, 3)).mean() / 2


def test_a_stack_is_darkened_as_one():
    scan = made_slices(patients=1, per_patient=6, size=48, lesion=False)
    painted = paint(scan, painting(brightness=[3.0, 3.5]), seed=0)
    untouched = scan.brain & ~ndimage.binary_dilation(painted.lesion, np.ones((1, 1, 9, 9)))
    factors = painted.images[untouched] / scan.images[untouched]
    assert factors.max() < 0.99
    np.testing.assert_allclose(factors, factors[0], rtol=1e-5)


def outlined(slices, **changes):
    """Painted in the shape of one square lesion of 6 x 6 pixels."""
    patients = made_slices(patients=1, per_patient=1, size=48)
    lesion = np.zeros_like(patients.lesion)
    lesion[0, 0, 20:26, 20:26] = True
    config = painting(lesions=1, shapes={"kind": "of_patients", **changes})
    return paint_with(slices, config, 0, replace(patients, lesion=lesion))


def test_lesions_of_patients_keep_their_outline_and_are_laid_elsewhere_in_tissue(slices):
    painted = outlined(slices.only(range(0, 12, 2)), scale=[1.0, 1.0])
    boxes = [ndimage.find_objects(mask[0].astype(int))[0] for mask in painted.lesion]
    assert {(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in boxes} == {(6, 6)}
    assert len({(rows.start, columns.start) for rows, columns in boxes}) > 3
    assert not (painted.lesion & ~painted.brain).any()


def test_lesions_of_patients_are_scaled(slices):
    smaller, larger = (outlined(slices, scale=[s, s]).lesion.sum(axis=(1, 2, 3)).max() for s in (0.5, 1.5))
    assert larger > 4 * smaller


def test_without_a_large_enough_lesion_there_is_no_shape_to_paint(slices):
    with pytest.raises(DataError, match="UAD-348"):
        outlined(slices, least_pixels=37)
    with pytest.raises(DataError, match="UAD-348"):
        paint(slices, painting(shapes={"kind": "of_patients"}), seed=0)


def test_shapes_come_from_the_patients_in_any_order_and_from_no_other_label(slices):
    config, patients = painting(shapes={"kind": "of_patients"}), made_slices(size=48)
    first = paint_with(slices, config, 0, patients)
    assert same(paint_with(slices, config, 0, patients.only([5, 2, 0, 1, 4, 3])), first)
    others = replace(patients, images=np.zeros_like(patients.images))
    assert same(paint_with(slices, config, 0, others), first)
    labelled = replace(slices, lesion=slices.brain.copy())
    np.testing.assert_array_equal(paint_with(labelled, config, 0, patients).lesion, first.lesion)


def test_a_slice_without_brain_stays_without_lesion(slices):
    brain, images = slices.brain.copy(), slices.images.copy()
    brain[2], images[2] = False, 0
    painted = paint(replace(slices, brain=brain, images=images), painting(), seed=0)
    assert not painted.lesion[2].any()
    assert not painted.images[2].any()


def test_a_detector_that_sees_brightness_finds_painted_lesions_and_one_that_sees_nothing_does_not(slices):
    painted = paint(slices, painting(brightness=[2.0, 2.4]), seed=0)
    detector = Detector(IntensityConfig().build(48), ScoringConfig())
    found = score(detector.anomaly_maps(painted), painted, 0.9)
    missed = score(np.zeros_like(painted.images[:, 0]), painted, 0.9)
    assert found.auprc > 0.8
    assert missed.auprc == pytest.approx(missed.prevalence)


def test_a_range_that_falls_is_refused():
    with pytest.raises(ValidationError, match="least and then the most"):
        painting(brightness=[2.0, 1.0])

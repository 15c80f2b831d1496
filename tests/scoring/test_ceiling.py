from dataclasses import replace

import numpy as np
import pytest
from making import made_slices

from uadray.scoring.ceiling import ceiling
from uadray.scoring.filters import VolumeMedian
from uadray.scoring.postprocess import BrightInSlice, LeastVoxels
from uadray.scoring.settings import ScoringConfig


def test_without_post_processing_a_perfect_map_is_perfect(patients):
    best = ceiling(ScoringConfig(median_filter=1), patients)
    assert best.dice_mean == 1
    assert best.lesion_recall == 1
    assert best.judged == 3


def test_a_filter_removes_the_lesions_that_are_smaller_than_half_its_window(patients):
    lesion = np.zeros_like(patients.lesion)
    lesion[0, 0, 10:13, 10:14] = True  # 12 pixels
    lesion[2, 0, 10:15, 10:15] = True
    own = replace(patients, lesion=lesion)
    best = ceiling(ScoringConfig(median_filter=5), own)
    assert [p.dice for p in best.patients] == [0, pytest.approx(2 * 13 / (13 + 25)), None]  # its corners are lost
    assert best.judged == 2
    assert best.dice_mean == pytest.approx(13 / 38)
    assert best.lesion_recall == 0.5
    assert ceiling(ScoringConfig(median_filter=3), own).lesion_recall == 1


def test_a_filter_over_volumes_removes_lesions_of_one_slice():
    slices = made_slices(patients=1, per_patient=3)
    lesion = np.zeros_like(slices.lesion)
    lesion[1, 0, 10:16, 10:16] = True
    own = replace(slices, lesion=lesion)
    assert ceiling(ScoringConfig(median_filter=3), own).lesion_recall == 1
    assert ceiling(ScoringConfig(median_filter=VolumeMedian(size=3)), own).lesion_recall == 0


@pytest.mark.parametrize("steps", [{"erosion": 10}, {"components": LeastVoxels(least=99)}])
def test_every_step_can_lower_the_ceiling(patients, steps):
    assert ceiling(ScoringConfig(median_filter=1, **steps), patients).dice_mean < 1


def test_a_lesion_that_is_not_bright_is_beyond_a_hyperintensity_prior(patients):
    config = ScoringConfig(median_filter=1, hyperintensity=BrightInSlice(percentile=90.0))
    dark = np.where(patients.lesion, 0.1, patients.images).astype(np.float32)
    assert ceiling(config, patients).dice_mean == 1
    assert ceiling(config, replace(patients, images=dark)).lesion_recall == 0


def test_lesions_outside_the_brain_do_not_count(patients):
    lesion = patients.lesion.copy()
    lesion[0, 0, 0, :3] = True
    config = ScoringConfig(median_filter=3)
    assert ceiling(config, replace(patients, lesion=lesion)) == ceiling(config, patients)


def test_without_any_lesion_there_is_no_ceiling(healthy):
    best = ceiling(ScoringConfig(), healthy)
    assert (best.judged, best.dice_mean, best.lesion_recall) == (0, None, None)

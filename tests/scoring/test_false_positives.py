import numpy as np
import pytest

from uadray.scoring.false_positives import FalsePositives, false_positives


def test_every_voxel_called_lesion_in_a_healthy_scan_is_counted(healthy):
    segmentation = np.zeros(healthy.brain[:, 0].shape, np.bool_)
    segmentation[0, 15:18, 15:18] = True  # nine voxels of the first of three scans, in two components
    segmentation[0, 22, 15] = True
    found = false_positives(segmentation, healthy)
    share = 10 / healthy.brain.sum()
    assert found == FalsePositives(3, pytest.approx(10 / 3), pytest.approx(share), pytest.approx(2 / 3), 2)


def test_nothing_called_lesion_is_no_false_positive(healthy):
    found = false_positives(np.zeros(healthy.brain[:, 0].shape, np.bool_), healthy)
    assert (found.voxels_per_scan, found.scans_without) == (0, 3)

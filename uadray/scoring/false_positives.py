"""What is called lesion in people without lesions: every voxel of it is false."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.lesions import detect_all


@dataclass(frozen=True)
class FalsePositives:
    """Means over healthy scans; a scan in which nothing was segmented counts with 0."""

    scans: int
    voxels_per_scan: float
    share_of_brain: float
    """Of all their brain voxels, in [0, 1]."""
    components_per_scan: float
    scans_without: int
    """Scans in which nothing was segmented."""


def false_positives(segmentation: NDArray[np.bool_], healthy: Slices) -> FalsePositives:
    """Count a segmentation, (N, H, W), of healthy subjects' slices; components are 26-connected in each scan."""
    voxels = {name: int(segmentation[healthy.subjects == name].sum()) for name in set(healthy.subjects.tolist())}
    components = [patient.components for patient in detect_all(segmentation, healthy).patients]
    return FalsePositives(
        scans=len(voxels),
        voxels_per_scan=float(np.mean(list(voxels.values()))),
        share_of_brain=float(segmentation.sum() / healthy.brain.sum()),
        components_per_scan=float(np.mean(components)),
        scans_without=sum(count == 0 for count in voxels.values()),
    )

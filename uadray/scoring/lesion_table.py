"""Every lesion a line, and every false finding: what a reader of scans would go through one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.components import label
from uadray.scoring.stacks import by_patient

Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """A lesion of the truth, or a component of the segmentation that touches none; 26-connected."""

    subject: str
    kind: str  # "lesion" or "false finding"
    number: int  # from 1, of its kind in its patient
    voxels: int
    segmented_voxels: int
    found: bool
    slice_index: int  # of the slice with most of it
    row: float  # its centre, in pixels
    column: float


def findings(segmentation: Masks, patients: Slices) -> list[Finding]:
    """All lesions inside the brain and all false findings of a segmentation, (N, H, W), patient after patient."""
    truth = patients.lesion[:, 0] & patients.brain[:, 0]
    rows: list[Finding] = []
    for subject, own in by_patient(patients):
        indices = patients.slice_indices[own]
        lesions, count = label(truth[own], indices)
        for number in range(1, count + 1):
            rows.append(_finding(subject, "lesion", number, lesions == number, segmentation[own], indices))
        components, count = label(segmentation[own], indices)
        touching = set(np.unique(components[truth[own]]).tolist())
        false = [number for number in range(1, count + 1) if number not in touching]
        for place, number in enumerate(false, start=1):
            component = components == number
            rows.append(_finding(subject, "false finding", place, component, segmentation[own], indices))
    return rows


def _finding(
    subject: str, kind: str, number: int, mask: Masks, segmentation: Masks, indices: NDArray[np.int32]
) -> Finding:
    n, row, column = np.nonzero(mask)
    segmented = int(np.count_nonzero(mask & segmentation))
    fullest = int(indices[np.bincount(n).argmax()])
    centre = float(row.mean()), float(column.mean())
    return Finding(subject, kind, number, len(n), segmented, segmented > 0, fullest, *centre)

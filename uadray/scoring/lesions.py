"""Which lesions were found, and what was called lesion and is none: agreement counted in lesions instead of voxels.

Dice and AUPRC are ruled by the largest lesions; detection counts each once (Maier-Hein et al. 2024, Metrics reloaded,
Nature Methods: instance detection). Lesions and components of the segmentation are 26-connected in a patient's stack.

A lesion is found if at least one of its voxels is segmented, or a share of them where one is asked for. A component is
a false positive if it touches no lesion; several components in one lesion are each right, and one component over
several lesions finds them all. So recall counts lesions, precision counts components, and F1 is their harmonic mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uadray.data.store import Slices
from uadray.scoring.components import label
from uadray.scoring.stacks import by_patient

Masks = NDArray[np.bool_]

SIZES_MM3 = (10.0, 100.0, 1000.0)  # decades; no source


@dataclass(frozen=True)
class SizeClass:
    """Lesions of at least `least` mm3 and less than `below`, None for no limit."""

    least: float
    below: float | None
    lesions: int
    found: int

    @property
    def recall(self) -> float | None:
        """Share of the lesions that is found; None where there is none."""
        return _share(self.found, self.lesions)


@dataclass(frozen=True)
class Detection:
    """Counts of one patient's scan.

    Without a lesion there is no recall and no F1, and without a component no precision: they are None and enter no
    mean. With lesions and no component, recall and F1 are 0.
    """

    subject: str
    lesions: int
    found: int
    components: int
    false_positives: int
    sizes: tuple[SizeClass, ...]

    @property
    def recall(self) -> float | None:
        """Share of the lesions that is found."""
        return _share(self.found, self.lesions)

    @property
    def precision(self) -> float | None:
        """Share of the components that touch a lesion."""
        return _share(self.components - self.false_positives, self.components)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of recall and precision; 0 where lesions are and none was found."""
        if not self.lesions:
            return None
        recall, precision = self.recall or 0.0, self.precision or 0.0
        return 2 * recall * precision / (recall + precision) if recall else 0.0


def detect(
    segmentation: Masks,
    truth: Masks,
    *,
    subject: str = "",
    indices: NDArray[np.integer] | None = None,
    voxel_mm3: float = 1.0,
    share: float = 0.0,
    sizes_mm3: Sequence[float] = SIZES_MM3,
) -> Detection:
    """Compare one patient's segmentation with the truth, both (N, H, W), at rising slice indices.

    A lesion is found if `share` of its voxels is segmented, 0 for at least one voxel. Slices do not know how large
    their voxels are: with `voxel_mm3` 1, sizes are in voxels.
    """
    lesions, count = label(truth, indices)
    components, predicted = label(segmentation, indices)
    voxels = np.bincount(lesions.ravel(), minlength=count + 1)[1:]
    overlap = np.bincount(lesions[segmentation], minlength=count + 1)[1:]
    found = (overlap > 0) & (overlap >= share * voxels)
    touching = int(np.count_nonzero(np.unique(components[truth])))
    return Detection(
        subject=subject,
        lesions=count,
        found=int(found.sum()),
        components=predicted,
        false_positives=predicted - touching,
        sizes=tuple(
            _size_class(voxels * voxel_mm3, found, least, below)
            for least, below in zip([0.0, *sizes_mm3], [*sizes_mm3, None], strict=True)
        ),
    )


def _size_class(volumes: NDArray[np.floating], found: Masks, least: float, below: float | None) -> SizeClass:
    own = (volumes >= least) & (volumes < (np.inf if below is None else below))
    return SizeClass(least, below, int(own.sum()), int((found & own).sum()))


@dataclass(frozen=True)
class LesionScore:
    """Detection over patients: means over those who have the number, whose count stands beside it."""

    patients: tuple[Detection, ...]

    @property
    def with_lesion(self) -> int:
        """Patients that recall and F1 can judge."""
        return sum(patient.lesions > 0 for patient in self.patients)

    @property
    def with_component(self) -> int:
        """Patients that precision can judge."""
        return sum(patient.components > 0 for patient in self.patients)

    @property
    def recall(self) -> float | None:
        """Mean over the patients with a lesion."""
        return _mean([patient.recall for patient in self.patients])

    @property
    def precision(self) -> float | None:
        """Mean over the patients in whom something was segmented."""
        return _mean([patient.precision for patient in self.patients])

    @property
    def f1(self) -> float | None:
        """Mean over the patients with a lesion."""
        return _mean([patient.f1 for patient in self.patients])

    @property
    def false_positives_per_scan(self) -> float | None:
        """Mean over all patients, with and without lesion."""
        return _mean([float(patient.false_positives) for patient in self.patients])

    @property
    def sizes(self) -> tuple[SizeClass, ...]:
        """The lesions of all patients together, by size."""
        together = zip(*(patient.sizes for patient in self.patients), strict=True)
        return tuple(
            SizeClass(own[0].least, own[0].below, sum(c.lesions for c in own), sum(c.found for c in own))
            for own in together
        )


def detect_all(
    segmentation: Masks,
    patients: Slices,
    *,
    voxel_mm3: float = 1.0,
    share: float = 0.0,
    sizes_mm3: Sequence[float] = SIZES_MM3,
) -> LesionScore:
    """`detect` for every patient of a segmentation, (N, H, W); lesions are scored inside the brain, as Dice is."""
    truth = patients.lesion[:, 0] & patients.brain[:, 0]
    return LesionScore(
        tuple(
            detect(
                segmentation[rows],
                truth[rows],
                subject=subject,
                indices=patients.slice_indices[rows],
                voxel_mm3=voxel_mm3,
                share=share,
                sizes_mm3=sizes_mm3,
            )
            for subject, rows in by_patient(patients)
        )
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None

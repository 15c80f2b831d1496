"""A scan into the space of a template, by an affine that is kept so that a result can go back."""

from __future__ import annotations

import functools
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.preprocess.brain import nonzero_brain
from uadray.data.preprocess.itk import matrix, one_thread, to_array, to_itk
from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.errors import DataError, Problem
from uadray.files import sha256
from uadray.section import Section

GRID_MM, SMOOTH_MM = (8.0, 4.0), (4.0, 2.0)  # coarse to fine; a level of 2 mm took longer and found worse affines
SAMPLED, SEED = 0.2, 1  # seed 0 is the clock's time in SimpleITK
ITERATIONS = 200  # for a phantom turned by 14 degrees 100 left errors of 3 to 8 mm, 200 of 0.6 mm at most
STEP_MM = (2.0, 1e-3)  # the first, and the one at which a level ends
GRADIENT_TOLERANCE = 1e-6  # ITK's 1e-4 ends the search early: mutual information is flat
HISTOGRAM_BINS = 32
LEAST_DICE = 0.8  # of the brains; a good affine has 0.95


@dataclass(frozen=True, eq=False)
class Template:
    """A head to register to, and its brain, bool (X, Y, Z)."""

    volume: Volume
    brain: NDArray[np.bool_]


class Space(Section, ABC):
    """Where the slices of all scans lie."""

    @property
    def carried(self) -> tuple[str, ...]:
        """The names of the files that a folder with this configuration must hold, once it is `packed`."""
        return ()

    def packed(self, folder: Path) -> Self:
        """The same, its files copied into a folder that goes elsewhere."""
        return self

    def unpacked(self, folder: Path) -> Self:
        """The inverse of `packed`, wherever the folder is now."""
        return self

    @abstractmethod
    def apply(self, scan: Scan) -> Scan:
        """The scan in that space."""


class NoRegistration(Space):
    """The scan stays in its own space."""

    kind: Literal["none"] = "none"

    def apply(self, scan: Scan) -> Scan:
        """The same scan."""
        return scan


class Mni152(Space):
    """To the ICBM 2009a template (Fonov et al. 2011), which nilearn carries in its wheel; T1-weighted, 1 mm."""

    kind: Literal["mni152"] = "mni152"

    def apply(self, scan: Scan) -> Scan:
        """The scan on the template's grid; raises DataError (UAD-160 to UAD-162)."""
        return register(scan, _mni152())


class Sri24(Space):
    """To the SRI24 atlas (Rohlfing et al. 2010), as in the paper, or to any other skull-stripped template."""

    kind: Literal["sri24"] = "sri24"
    template: Path
    """A skull-stripped head, .nii or .nii.gz; its voxels that are not 0 are its brain."""

    def identity(self) -> dict[str, Any]:
        """Its values, and the template by its content; a missing one is refused when it is read."""
        return {**self.plain(), "sha256": sha256(self.template) if self.template.is_file() else ""}

    @property
    def carried(self) -> tuple[str, ...]:
        return (self.template.name,)

    def packed(self, folder: Path) -> Self:
        name = "template.nii" + (".gz" if self.template.name.endswith(".gz") else "")
        shutil.copyfile(self.template, folder / name)
        return self.model_copy(update={"template": Path(name)})

    def unpacked(self, folder: Path) -> Self:
        return self.model_copy(update={"template": folder / self.template.name})

    def apply(self, scan: Scan) -> Scan:
        """The scan on the template's grid; raises DataError (UAD-101 to UAD-108, UAD-160 to UAD-162)."""
        return register(scan, _stripped(self.template))


Register = Annotated[NoRegistration | Mni152 | Sri24, Field(discriminator="kind")]


def register(scan: Scan, template: Template) -> Scan:
    """The scan on the template's grid: intensities linearly interpolated, masks from the nearest voxel.

    Outside the scan's field of view it is as dark as its darkest voxel. Raises DataError if the scan has no volume or
    no brain (UAD-161), if the search fails (UAD-162), and if the brains do not match in the end (UAD-160).
    """
    if min(scan.volume.data.shape) < 2 or not scan.brain.any():
        got = f"shape {scan.volume.data.shape} with {np.count_nonzero(scan.brain)} brain voxels"
        do = "Set register_to.kind to none, or give a brain mask."
        raise DataError(Problem("UAD-161", "register_to", "a scan must be a volume with a known brain", got, do))
    with one_thread() as itk:
        transform = _affine(itk, scan, template)
        grid = to_itk(template.volume.data, template.volume.affine)

        def resampled(array: NDArray[Any], interpolator: int, around: float) -> NDArray[Any]:
            return to_array(itk.Resample(to_itk(array, scan.volume.affine), grid, transform, interpolator, around))

        data = resampled(scan.volume.data, itk.sitkLinear, float(scan.volume.data.min()))
        brain, lesion = (resampled(mask, itk.sitkNearestNeighbor, 0) > 0 for mask in (scan.brain, scan.lesion))
    dice = 2 * np.count_nonzero(brain & template.brain) / (np.count_nonzero(brain) + np.count_nonzero(template.brain))
    if dice < LEAST_DICE:
        must, do = f"Dice with the template's brain must be {LEAST_DICE} or more", "Check the scan and its brain mask."
        raise DataError(Problem("UAD-160", "register_to", must, f"{dice:.2f}", do))
    volume = Volume(data, template.volume.affine, template.volume.spacing_mm)
    return Scan(volume, brain, lesion, scan.to_native @ matrix(transform), scan.brain_from)


def _affine(itk: Any, scan: Scan, template: Template) -> Any:
    """From the template's mm to the scan's: the affine of the largest mutual information of the two brains.

    The regular steps and the pyramid are the best of nine settings that were tried on a FLAIR scan. One thread and a
    fixed seed repeat to the bit.
    """
    fixed, moving = (_brain_only(head) for head in (template, scan))
    fixed_mask, moving_mask = (to_itk(h.brain.astype(np.float32), h.volume.affine) for h in (template, scan))
    search = itk.ImageRegistrationMethod()
    search.SetMetricAsMattesMutualInformation(numberOfHistogramBins=HISTOGRAM_BINS)
    search.SetMetricSamplingStrategy(search.RANDOM)
    search.SetMetricSamplingPercentage(SAMPLED, SEED)
    search.SetInterpolator(itk.sitkLinear)
    search.SetOptimizerAsRegularStepGradientDescent(
        learningRate=STEP_MM[0],
        minStep=STEP_MM[1],
        numberOfIterations=ITERATIONS,
        gradientMagnitudeTolerance=GRADIENT_TOLERANCE,
    )
    search.SetOptimizerScalesFromPhysicalShift()
    side_mm = max(template.volume.spacing_mm)
    search.SetShrinkFactorsPerLevel([max(1, round(mm / side_mm)) for mm in GRID_MM])
    search.SetSmoothingSigmasPerLevel(SMOOTH_MM)
    moments = itk.CenteredTransformInitializerFilter.MOMENTS
    try:
        start = itk.CenteredTransformInitializer(fixed_mask, moving_mask, itk.AffineTransform(3), moments)
        search.SetInitialTransform(start, inPlace=True)
        search.Execute(fixed, moving)
    except RuntimeError as error:
        got = str(error).strip().splitlines()[-1]
        must, do = "the search for an affine must end", "Check the scan and its brain mask."
        raise DataError(Problem("UAD-162", "register_to", must, got, do)) from error
    return start


def _brain_only(head: Scan | Template) -> Any:
    """Around the brain everything is as dark as the brain's darkest voxel."""
    data = head.volume.data
    return to_itk(np.where(head.brain, data, data[head.brain].min()), head.volume.affine)


@functools.cache
def _mni152() -> Template:
    from nilearn import datasets  # takes 1.6 s: only who registers should wait

    image = datasets.load_mni152_template(resolution=1)
    brain = np.asarray(datasets.load_mni152_brain_mask(resolution=1).dataobj) > 0
    affine = np.asarray(image.affine, np.float64)
    return Template(Volume(np.asarray(image.dataobj, np.float32), affine, (1.0, 1.0, 1.0)), brain)


@functools.lru_cache(maxsize=1)
def _stripped(path: Path) -> Template:
    from uadray.data.nifti import read_scan  # nibabel: only who opens a template should wait

    volume = read_scan(path)
    return Template(volume, nonzero_brain(volume))

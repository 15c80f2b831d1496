"""From a subject's files to the slices that a model sees: the paper's preprocessing, each step a choice.

Skull stripping, registration, denoising, bias field, intensity, slices. Baur et al. 2018 name registration (SRI24),
skull stripping (ROBEX) and denoising (CurvatureFlow) without an order; Baur et al. 2021 denoise the whole volume
before the brain is cut out, so stripping here only finds the brain. The defaults strip whole heads and leave scans
where they are.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.bias import Bias, NoBiasCorrection
from uadray.data.preprocess.brain import require_plausible
from uadray.data.preprocess.canvas import Canvas, PadCanvas
from uadray.data.preprocess.denoise import Denoise, NoDenoising
from uadray.data.preprocess.histogram import IntensityScale
from uadray.data.preprocess.intensity import Measure, PercentileWindow
from uadray.data.preprocess.register import NoRegistration, Register
from uadray.data.preprocess.skull_strip import AsNeeded, SkullStrip
from uadray.data.preprocess.slices import MiddleSlices, SliceStack, Slicing
from uadray.data.reading import naming, read
from uadray.data.scan import Scan
from uadray.data.step_cache import StepCache
from uadray.data.subject import Subject
from uadray.errors import DataError, Problem
from uadray.section import Section

VERSION = 3  # raise it when the same files and settings give other slices than before


class PipelineConfig(Section):
    """The steps, in their order."""

    lesion_above: float | None = None
    """Values of lesion masks above this are lesion, as 0.5 of a probability or 0 of several labels. Without it a mask
    must hold 0 and one positive value, whatever it is."""
    skull_strip: SkullStrip = AsNeeded()
    """Which voxels are brain."""
    register_to: Register = NoRegistration()
    """The space of the slices."""
    denoise: Denoise = NoDenoising()
    """Of the whole volume, before the brain is cut out."""
    bias: Bias = NoBiasCorrection()
    """The scanner's shading; the paper leaves it."""
    intensity: IntensityScale = PercentileWindow()
    """To [0, 1] inside the brain."""
    slices: Slicing = MiddleSlices()
    """Which axial slices."""
    canvas: Canvas = PadCanvas()
    """Their size in pixels."""

    @property
    def steps(self) -> tuple[SkullStrip | Register | Denoise | Bias, ...]:
        """The steps on volumes."""
        return (self.skull_strip, self.register_to, self.denoise, self.bias)


@dataclass(frozen=True, eq=False)
class Cut:
    """What became of one subject: slices, or the problems that it has."""

    subject: Subject
    stack: SliceStack | None
    problems: tuple[Problem, ...]
    voxels: str = ""  # SHA-256 of the scan's voxels as read
    brain_from: str = ""  # as in Scan


@dataclass(frozen=True)
class Pipeline:
    """The steps with a place to keep what they made; it can be sent to another process."""

    config: PipelineConfig
    cache: Path

    def __call__(self, subject: Subject) -> Cut:
        """The subject's slices; what is wrong with its files is part of the answer and raises nothing."""
        try:
            scan, voxels = self._read(subject)
            with naming(subject):
                scan = self.prepare(scan, voxels)
                return Cut(subject, self.cut(scan), (), voxels, scan.brain_from)
        except DataError as error:
            return Cut(subject, None, error.problems)

    def prepare(self, scan: Scan, voxels: str = "") -> Scan:
        """The scan after the steps on volumes.

        Raises DataError: UAD-114 for a brain that is none, UAD-116 for lesions outside it, and what the steps raise.
        """
        masks = hashlib.sha256(np.packbits([scan.brain, scan.lesion]).tobytes()).hexdigest()
        steps = StepCache(self.cache, VERSION, voxels, masks, scan.volume.affine.tolist())
        for step in self.config.steps:
            scan = steps.apply(step, scan)
        require_plausible(scan.brain, scan.volume.spacing_mm)
        if scan.lesion.any() and not scan.lesion[scan.brain].any():
            must, got = "lesions must lie in the brain", f"all {np.count_nonzero(scan.lesion)} lesion voxels outside"
            raise DataError(Problem("UAD-116", "lesion mask", must, got, "Check the mask."))
        if scan.lesion[scan.brain].all():
            must, got = "some of the brain must be no lesion", "lesion everywhere"
            raise DataError(Problem("UAD-116", "lesion mask", must, got, "Check the mask."))
        return scan

    def cut(self, scan: Scan) -> SliceStack:
        """The slices of a scan whose brain is known; raises DataError (UAD-111, UAD-112, UAD-115)."""
        scaled = replace(scan.volume, data=self.config.intensity.apply(scan.volume.data, scan.brain))
        stack = self.config.slices.cut(scaled, scan.brain, scan.lesion)
        return self.config.canvas.fit(replace(stack, to_native=scan.to_native @ stack.to_native))

    def measure(self, subject: Subject, of: Measure) -> NDArray[np.float64] | None:
        """A measure of the subject's scan before its intensities are scaled; None if there is something wrong."""
        with contextlib.suppress(DataError):
            scan = self.prepare(*self._read(subject))
            return of(scan.volume.data, scan.brain)
        return None

    def _read(self, subject: Subject) -> tuple[Scan, str]:
        """The scan, and the SHA-256 of its voxels."""
        scan = read(subject, self.config.lesion_above)
        return scan, hashlib.sha256(scan.volume.data.tobytes()).hexdigest()

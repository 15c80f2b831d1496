"""A model file applied to one scan, from the file to results in its native space.

    from uadray.bundle.bundle import Bundle
    from uadray.prediction.predicting import predict
    found = predict(Bundle.open(Path("latent-model")), Path("scan.nii.gz"))

Maps are brought back by linear interpolation. The segmentation is the map on the model's own grid, thresholded there
and brought back by nearest neighbour: what is called lesion was called so by the model's rule, and not by an
interpolation of scores that no threshold was fitted on. So the map, thresholded again, is not the segmentation; the
scores of a finding are the model's own, and above the threshold.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from uadray.bundle.bundle import Bundle
from uadray.data.grid import Grid
from uadray.data.nifti import read_grid
from uadray.data.pipeline import Pipeline
from uadray.data.preprocess.slices import SliceStack
from uadray.data.reading import naming, read
from uadray.data.scan import Scan
from uadray.data.store import Slices, decode
from uadray.data.store_writer import encode
from uadray.data.subject import Subject
from uadray.prediction.extent import Extent, extent
from uadray.prediction.lesions import Lesion, lesions
from uadray.prediction.runtime import RUNTIMES, Runtime
from uadray.prediction.way_back import WayBack
from uadray.scoring.postprocess import eroded
from uadray.scoring.threshold import headline
from uadray.scoring.usual import measures, warnings
from uadray.training.precision import exact_fp32


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model makes of a scan; arrays are (X, Y, Z) in the order of the scan's file."""

    name: str
    scan: Path
    grid: Grid
    reconstruction: NDArray[np.float32]
    """The healthy scan behind this one, in [0, 1], where the model saw brain; 0 elsewhere."""
    residual: NDArray[np.float32]
    """Anomaly scores before the filter; 0 where nothing was scored."""
    anomaly: NDArray[np.float32]
    """Anomaly scores after the filter; 0 where nothing was scored. No probabilities. Interpolated: to threshold them
    does not give the segmentation."""
    segmentation: NDArray[np.bool_]
    """What is called lesion."""
    assessed: NDArray[np.bool_]
    """Where something could have been called lesion. The rest is not healthy: nobody looked."""
    threshold: float
    lesions: tuple[Lesion, ...]
    """The parts of the segmentation, the largest first."""
    extent: Extent
    """How much of the brain was assessed."""
    measures: dict[str, float]
    """Numbers of the scan that are compared with those of healthy validation scans."""
    warnings: tuple[str, ...]
    """In which respect the scan is unlike those, in sentences."""
    runtime: str = RUNTIMES["torch"].words
    """What ran the network."""
    device: str = "cpu"
    """The kind of device that it ran on."""

    @property
    def lesion_ml(self) -> float:
        """The volume of the segmentation."""
        return float(np.count_nonzero(self.segmentation)) * self.grid.voxel_mm3 / 1000


def predict(
    bundle: Bundle,
    scan: Path,
    brain_mask: Path | None = None,
    name: str = "scan",
    device: torch.device = torch.device("cpu"),
    runtime: Runtime = RUNTIMES["torch"],
) -> Prediction:
    """Apply a model to a FLAIR scan, .nii or .nii.gz, with the preparation that it was trained with.

    The scan's brain mask, where there is one, must lie on its grid. Slices are the same bits as in a store that this
    scan is in, and so are their scores under the runtime `torch`. Raises DataError: what reading and preparing the scan
    raise (UAD-101 to UAD-164), and UAD-374; and what the runtime raises.
    """
    exact_fp32()
    detector = runtime.detector(bundle, device)
    prepared, stack, slices = _prepared(bundle, Subject(name, "unlabelled", "", scan, None, brain_mask))
    grid, threshold = read_grid(scan), bundle.content.threshold
    x_hats, unfiltered = detector.judged(slices)
    maps = detector.filtered(unfiltered, slices)
    brain, scored = slices.brain[:, 0], detector.config.scored(slices)
    back = WayBack(stack, grid)
    segmentation = back.nearest(detector.segment(maps, slices, threshold))
    assessed = back.nearest(eroded(brain, detector.config.erosion))
    measured = measures(slices, stack.spacing_mm, unfiltered, scored)
    covered = extent(prepared, stack, assessed, grid)
    return Prediction(
        name=name,
        scan=scan,
        grid=grid,
        reconstruction=back.linear(x_hats, brain),
        residual=back.linear(unfiltered, scored),
        anomaly=back.linear(maps, scored),
        segmentation=segmentation,
        assessed=assessed,
        threshold=headline(threshold, maps, slices),
        lesions=lesions(segmentation, back.nearest_values(maps), grid),
        extent=covered,
        measures=measured,
        warnings=(
            *covered.warnings,
            *warnings(measured, bundle.content.usual, float(detector.config.standardise.lowest)),
        ),
        runtime=runtime.words,
        device=device.type,
    )


def _prepared(bundle: Bundle, subject: Subject) -> tuple[Scan, SliceStack, Slices]:
    """The scan after the steps on volumes, its slices, and the same as they come out of a store."""
    scan = read(subject)
    voxels = hashlib.sha256(scan.volume.data.tobytes()).hexdigest()
    with TemporaryDirectory(prefix="uadray-") as temporary, naming(subject):
        pipeline = Pipeline(bundle.prepare, Path(temporary))
        prepared = pipeline.prepare(scan, voxels)
        stack = pipeline.cut(prepared)
    return prepared, stack, decode(encode(subject, stack))

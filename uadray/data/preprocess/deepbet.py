"""deepbet (Fisch et al. 2024), a network that finds the brain, from the weights in its wheel.

The wheel's own code needs a window toolkit, pandas and two compiled packages; what follows is its algorithm without
them: one network finds where the brain is, another cuts it out at 256 x 256 x 256.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from uadray.errors import ConfigError, DataError, Problem

COARSE, FINE = (128, 128, 128), (256, 256, 256)
MARGIN = 0.1  # of the box around the brain, on each side
LEAST_SHARE = 0.02  # of a plane that must be brain for the plane to be in the box
PERCENTILES = (0.5, 99.5)


@torch.no_grad()
def brain_of(data: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The brain, bool (X, Y, Z), of a whole head in RAS+ of any contrast.

    Raises ConfigError (UAD-150) if deepbet is not installed, DataError (UAD-154) if no brain is found.
    """
    find, cut = (torch.jit.load(weights, map_location="cpu").eval() for weights in _weights())
    head = torch.from_numpy(data)
    coarse = _resized(head, COARSE)
    low, high = np.percentile(coarse.numpy(), PERCENTILES).tolist()
    found = _largest((find(_normalised(coarse, low, high))[0, 1] > 0.5).numpy())
    box = _box(found, data.shape)
    fine = _normalised(_resized(head[box], FINE), low, high)
    brain = np.zeros(data.shape, np.bool_)
    brain[box] = (_resized(cut(fine)[0, 1], tuple(head[box].shape)) > 0.5).numpy()
    return np.asarray(ndimage.binary_fill_holes(_largest(brain)))


def _weights() -> list[Path]:
    try:
        wheel = importlib.metadata.distribution("deepbet")
    except importlib.metadata.PackageNotFoundError as error:
        must, do = "the package must be installed", "pip install --no-deps deepbet"
        raise ConfigError(Problem("UAD-150", "deepbet", must, "no such package", do)) from error
    return [Path(str(wheel.locate_file(f"data/models/{name}.pt"))) for name in ("bbox_model", "model")]


def _resized(volume: Tensor, shape: tuple[int, ...]) -> Tensor:
    return interpolate(volume[None, None], shape, mode="nearest-exact")[0, 0]


def _normalised(volume: Tensor, low: float, high: float) -> Tensor:
    """(X, Y, Z) to (1, 1, X, Y, Z) with the mean and deviation that the networks were trained on."""
    window = ((volume - low) / max(high - low, 1e-30)).clamp(0, 1)
    return (0.226 * (window - window.mean()) / window.std() + 0.449)[None, None]


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if count == 0:
        must, do = "the scan must show a brain", "Check the scan or choose another tool."
        raise DataError(Problem("UAD-154", "deepbet", must, "none found", do))
    return np.asarray(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]))


def _box(found: NDArray[np.bool_], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The box around the brain on the scan's grid, with a margin."""
    box = []
    for axis, side in enumerate(shape):
        planes = np.flatnonzero(found.mean(axis=tuple({0, 1, 2} - {axis})) > LEAST_SHARE)
        if planes.size == 0:
            must, do = "the scan must show a brain", "Check the scan or choose another tool."
            raise DataError(Problem("UAD-154", "deepbet", must, f"{np.count_nonzero(found)} coarse voxels", do))
        first, last = planes[0] * side / found.shape[axis], (planes[-1] + 1) * side / found.shape[axis]
        margin = MARGIN * (last - first)
        box.append(slice(max(0, int(first - margin)), min(side, int(np.ceil(last + margin)))))
    return tuple(box)

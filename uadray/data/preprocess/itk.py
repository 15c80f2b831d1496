"""Arrays to SimpleITK's images and back. Files are never opened by SimpleITK: it fills truncated ones with zeros."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uadray.data.preprocess.tools import package

FLIP = np.diag([-1.0, -1.0, 1.0, 1.0])  # from RAS to the LPS of ITK, and its own inverse


def simpleitk() -> Any:
    """The module SimpleITK; raises ConfigError (UAD-150) without it."""
    return package("SimpleITK", "pip install SimpleITK")


@contextlib.contextmanager
def one_thread() -> Iterator[Any]:
    """SimpleITK on one thread: on several a sum depends on who comes first, in its last bits.

    A filter's own SetNumberOfThreads does not reach what it is made of; the default of the process does.
    """
    itk = simpleitk()
    before = itk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    itk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield itk
    finally:
        itk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


def to_itk(array: NDArray[Any], affine: NDArray[np.float64]) -> Any:
    """The SimpleITK image of an array (X, Y, Z) whose `affine` maps voxels to mm in RAS; bool becomes uint8."""
    itk = simpleitk()
    values = array.astype(np.uint8) if array.dtype == np.bool_ else array
    image = itk.GetImageFromArray(np.ascontiguousarray(values.T))
    lps = FLIP @ affine
    sides = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(sides.tolist())
    image.SetDirection((lps[:3, :3] / sides).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def to_array(image: Any) -> NDArray[Any]:
    """The array (X, Y, Z) of a SimpleITK image."""
    return np.ascontiguousarray(simpleitk().GetArrayViewFromImage(image).T)


def matrix(transform: Any) -> NDArray[np.float64]:
    """The (4, 4) of an affine SimpleITK transform, from mm to mm in RAS."""
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    lps = np.eye(4)
    lps[:3, :3] = np.stack([np.array(transform.TransformPoint(axis)) - origin for axis in np.eye(3).tolist()], axis=1)
    lps[:3, 3] = origin
    return np.asarray(FLIP @ lps @ FLIP)

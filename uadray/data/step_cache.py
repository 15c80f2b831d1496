"""What a slow step made of a scan, kept under a name of its content: changing the last step redoes only that."""

from __future__ import annotations

import contextlib
import time
import zipfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from uadray.data.scan import Scan
from uadray.data.volume import Volume
from uadray.files import draft_of
from uadray.section import digest


class Step(Protocol):
    """A step of preprocessing with its settings."""

    def apply(self, scan: Scan) -> Scan:
        """The scan after the step; the same object where it has nothing to do."""

    def identity(self) -> dict[str, Any]:
        """What names its results."""


class StepCache:
    """The steps on one scan, one after the other; `origin` names the scan. What took less than `slow_s` is not kept."""

    def __init__(self, folder: Path, *origin: Any, slow_s: float = 1.0) -> None:
        self._folder = folder
        self._slow_s = slow_s
        self._key = digest(*origin)

    def apply(self, step: Step, scan: Scan) -> Scan:
        """What the step makes of the scan, from the cache where it was made before."""
        self._key = digest(self._key, step.identity())
        path = self._folder / f"{self._key}.npz"
        kept = _load(path)
        if kept is not None:
            return kept
        started = time.perf_counter()
        result = step.apply(scan)
        if time.perf_counter() - started >= self._slow_s:
            _save(result, path)
        return result


def _save(scan: Scan, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    volume = scan.volume
    with draft.open("wb") as file:
        np.savez(
            file,
            data=volume.data,
            affine=volume.affine,
            spacing_mm=volume.spacing_mm,
            brain=np.packbits(scan.brain),
            lesion=np.packbits(scan.lesion),
            to_native=scan.to_native,
            brain_from=scan.brain_from,
        )
    draft.replace(path)


def _load(path: Path) -> Scan | None:
    """The scan in a file; None where there is none, or a damaged one: npz has a checksum."""
    with (
        contextlib.suppress(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile),
        np.load(path, allow_pickle=False) as kept,
    ):
        data = kept["data"]

        def mask(name: str) -> Any:
            return np.unpackbits(kept[name], count=data.size).astype(np.bool_).reshape(data.shape)

        x, y, z = kept["spacing_mm"].tolist()
        volume = Volume(data, kept["affine"], (x, y, z))
        return Scan(volume, mask("brain"), mask("lesion"), kept["to_native"], str(kept["brain_from"]))
    return None

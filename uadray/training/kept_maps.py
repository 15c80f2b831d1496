"""What a kept model gives of slices, found again: residuals and reconstructions, so that a scoring runs no network.

    trainings/KEY/epoch-0016/maps/DIGEST.safetensors

They are named by the images themselves, by what was computed of them, and by this package's code for models and
scoring; the folder stands for the weights and the arithmetic. So nothing here depends on a threshold, a filter or how
lesions were painted: other painted images are other images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from uadray.files import draft_of
from uadray.scoring.detector import Maps
from uadray.section import digest
from uadray.training.reuse import code

MOST_BYTES = 64 * 2**20  # a checkpoint: 4096 maps of 64 x 64, 256 of 256 x 256; 100 trials then take 6.7 GB at most


@dataclass(frozen=True)
class KeptMaps:
    """The `Recall` of a kept checkpoint: maps that were made once are read from then on, equal to the bit.

    A file that is not as it was written is made anew. Maps that would take the folder over `most_bytes` are not kept.
    One process at a time: the caller is alone in the training's folder.
    """

    checkpoint: Path
    most_bytes: int = MOST_BYTES

    def __call__(self, what: Mapping[str, Any], images: Maps, make: Callable[[], Maps]) -> Maps:
        """What `make` returns for these images, or returned before."""
        name = digest(dict(what), _content(images), code("models", "scoring"))
        path = self.checkpoint / "maps" / f"{name}.safetensors"
        found = _intact(path)
        if found is None:
            found = make()
            self._keep(found, path)
        return found

    def _keep(self, maps: Maps, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        for left in path.parent.glob(".*"):  # by a process that was killed
            left.unlink()
        taken = sum(other.stat().st_size for other in path.parent.iterdir() if other != path)
        if taken + maps.nbytes <= self.most_bytes:
            draft = draft_of(path)
            save_file({"maps": np.ascontiguousarray(maps)}, draft, metadata={"content": _content(maps)})
            draft.replace(path)


def _intact(path: Path) -> Maps | None:
    """The maps of a file; None where it is not there, or not as it was written."""
    with suppress(OSError, SafetensorError, KeyError, TypeError), safe_open(path, framework="numpy") as file:
        maps: Maps = file.get_tensor("maps")
        return maps if file.metadata()["content"] == _content(maps) else None
    return None


def _content(maps: Maps) -> str:
    """A digest of the values, their type and their shape."""
    return digest(str(maps.dtype), maps.shape, hashlib.sha256(np.ascontiguousarray(maps).data).hexdigest())

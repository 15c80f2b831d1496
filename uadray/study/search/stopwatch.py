"""The wall time of a study over all its starts."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

from uadray.files import write_json

EVERY_S = 1.0  # at most so often the file is written: a thousand trials report hundreds of epochs a second


class Stopwatch:
    """Goes on from what its file says; what passed after the last mark before a kill is lost, and a second more."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._started = clock()
        self._marked = -math.inf
        self._earlier = float(json.loads(path.read_text())["seconds"]) if path.is_file() else 0.0

    @property
    def seconds(self) -> float:
        """All that was spent so far."""
        return self._seconds(self._clock())

    def mark(self) -> None:
        """Write down what was spent so far, unless that was done within the last second."""
        if (now := self._clock()) - self._marked >= EVERY_S:
            self._marked = now
            write_json(self._path, {"seconds": self._seconds(now)})

    def _seconds(self, now: float) -> float:
        return self._earlier + now - self._started

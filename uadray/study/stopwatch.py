"""The wall time of a study over all its starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from uadray.files import write_json


class Stopwatch:
    """Goes on from what its file says; what passed after the last mark before a kill is lost."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._path = path
        self._clock = clock
        self._started = clock()
        self._earlier = float(json.loads(path.read_text())["seconds"]) if path.is_file() else 0.0

    @property
    def seconds(self) -> float:
        """All that was spent so far."""
        return self._earlier + self._clock() - self._started

    def mark(self) -> None:
        """Write down what was spent so far."""
        write_json(self._path, {"seconds": self.seconds})

"""A study's logging while it runs: a thread that takes finished trials from a queue, so that the study never waits.

The study's folder is the spool. Where the server is away, slow or refuses, nothing is lost and nothing is raised: what
was not logged is logged when it answers again, or by `python -m uadray.mlflow_sync STUDY`.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

from uadray.tracking.mirror import Mirror
from uadray.tracking.server import Server

AGAIN_S = 30.0  # after a failure nothing is tried for so long
AWAY_S = 5.0  # how long the end of a study waits for a server that has nothing done meanwhile
HERE_S = 120.0  # the same for a file: its first opening alone took 9 s on a busy disk
LOG = logging.getLogger(__name__)

Step = Callable[[], None]


class Tracker:
    """Logs one study; a context manager around it, whose end waits for what is still to be logged, but not for long."""

    def __init__(self, folder: Path, server: Server) -> None:
        self._mirror = Mirror(folder, server)
        self._folder = folder
        self._patience = HERE_S if server.here else AWAY_S
        self._queue: SimpleQueue[Step | None] = SimpleQueue()
        self._waiting: list[Step] = []
        self._failed = -float("inf")  # when it was last tried in vain
        self._moved = time.monotonic()
        self._thread = Thread(target=self._work, name="tracking", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._moved = time.monotonic()
        while self._thread.is_alive() and time.monotonic() - self._moved < self._patience:
            self._thread.join(0.05)

    def trial(self, index: int) -> None:
        """A trial is on disk."""
        self._queue.put(lambda: self._mirror.trial(index))

    def chosen(self) -> None:
        """The selection is on disk, and nothing follows it: no model is registered."""
        self._queue.put(self._mirror.ending)

    def ending(self) -> None:
        """The selection is on disk, and the verdict where there is one.

        The files of the best models are written here: that takes as long as their validation, whatever a server does.
        """
        self.chosen()
        self._mirror.model_files()
        self._queue.put(self._mirror.models)

    def place(self) -> str:
        """Where the runs are, and what to do where they are not all there."""
        server = self._mirror.server
        if self._waiting or self._thread.is_alive() or not self._queue.empty():
            return f"{server} was away: python -m uadray.mlflow_sync {self._folder} brings it up to date"
        return f"{server.ui}, experiment {self._mirror.experiment}{self._mirror.note}"

    def _work(self) -> None:
        """In the order in which it was asked for: what could not be done is tried again before what came after it."""
        while (step := self._queue.get()) is not None:
            self._waiting.append(step)
            if time.monotonic() - self._failed >= AGAIN_S:
                self._catch_up()
        self._catch_up()  # perhaps it is back

    def _catch_up(self) -> None:
        while self._waiting:
            try:
                self._waiting[0]()
            except Exception:  # of MLflow and of whatever it is made of: a study does not end for its log's sake
                LOG.warning(self._mirror.server.redacted(traceback.format_exc()))
                self._failed = time.monotonic()
                return
            self._waiting.pop(0)
            self._moved = time.monotonic()

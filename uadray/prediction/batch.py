"""Many scans, one after the other or over cores: a scan that fails stops no other, and none is done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from uadray.bundle.bundle import Bundle
from uadray.data.each import Each, one_by_one
from uadray.errors import UadError
from uadray.files import sha256
from uadray.prediction.derivatives import Figure, write
from uadray.prediction.kept import Marker, Outcome, write_table
from uadray.prediction.predicting import Prediction, predict
from uadray.prediction.results import begin
from uadray.prediction.runtime import RUNTIMES, Runtime
from uadray.prediction.scans import Wanted
from uadray.section import digest
from uadray.training.reuse import code
from uadray.viewing.sheet import write_sheet
from uadray.viewing.viewer import write_viewer

FIGURES: tuple[Figure, ...] = (write_sheet, write_viewer)  # what is drawn of each scan


@dataclass(frozen=True)
class Worker:
    """A model and a place for results; it can be sent to another process."""

    model: Path
    out: Path
    links: Mapping[Path, str]
    """The names of the scans' data sets in the description of the results."""
    device: str = "cpu"
    runtime: Runtime = RUNTIMES["torch"]

    def __call__(self, scan: Wanted) -> tuple[Outcome, bool]:
        """What became of a scan, and whether that was known before.

        On one thread, so that results do not depend on how many scans are done at a time.
        """
        torch.set_num_threads(1)
        marker = Marker(self.out, scan, self.source(scan))
        started = time.perf_counter()
        try:
            marker.require_own()
        except UadError as error:
            return _refused(marker, error), False
        try:
            bundle, key = _opened(self.model), self._key(scan)
            if (known := marker.known(key)) is not None:
                return known, True
            marker.forget()
            found = predict(bundle, scan.image, scan.brain_mask, scan.stem, torch.device(self.device), self.runtime)
            files = write(found, scan, self.out, bundle, self.links, FIGURES)
        except UadError as error:
            return _kept(marker, _refused(marker, error)), False
        except Exception as error:
            return _kept(marker, failed(marker, "", repr(error))), False
        outcome = _done(marker, found, time.perf_counter() - started)
        marker.keep(outcome, key, files)
        return outcome, False

    def lost(self, scan: Wanted, error: Exception) -> Outcome:
        """What is kept of a scan whose process died."""
        marker = Marker(self.out, scan, self.source(scan))
        try:
            marker.require_own()
        except UadError:
            return failed(marker, "", repr(error))
        with suppress(OSError):
            marker.forget()
        return _kept(marker, failed(marker, "", repr(error)))

    def source(self, scan: Wanted) -> str:
        """What names the scan's image among those of all data sets."""
        return scan.sources(self.links)[0]

    def _key(self, scan: Wanted) -> str:
        """Names everything that the results of a scan are made from and by."""
        return digest(
            scan.sources(self.links),
            _content_of(scan.image),
            _content_of(scan.brain_mask),
            _opened(self.model).digest,
            code(),
            _templates(),
            self.runtime.plain(),
            torch.device(self.device).type,
        )


def predict_all(
    bundle: Bundle,
    scans: Sequence[Wanted],
    out: Path,
    on_scan: Callable[[Outcome, bool], None] = lambda outcome, known: None,
    each: Each = one_by_one,
    device: str = "cpu",
    runtime: Runtime = RUNTIMES["torch"],
) -> list[Outcome]:
    """Assess scans and write their results, and predictions.tsv with a line for each, below `out`.

    A scan whose results are there as this model, code, runtime and kind of device wrote them is not done again, and one
    whose name has another scan's results fails (UAD-378). `on_scan` hears of each, and whether it was known.
    Raises DataError (UAD-379) for a folder with something else, and what the runtime raises, before a scan is read.
    """
    runtime.detector(bundle, torch.device(device))  # what cannot run is refused once, not for every scan
    links = begin(out, bundle, {dataset for scan in scans for dataset in scan.datasets})
    worker = Worker(bundle.path.resolve(), out.resolve(), links, device, runtime)
    outcomes: list[Outcome] = []
    while len(outcomes) < len(scans):
        left = scans[len(outcomes) :]
        try:
            for outcome, known in each(worker, left):
                outcomes.append(outcome)
                on_scan(outcome, known)
        except UadError:
            raise
        except Exception as error:  # its process died: the scan is lost, and the rest goes on
            outcomes.append(worker.lost(scans[len(outcomes)], error))
            on_scan(outcomes[-1], False)
    write_table(out, outcomes)
    return outcomes


def _done(marker: Marker, found: Prediction, seconds: float) -> Outcome:
    """The outcome of a scan whose results are written."""
    return Outcome(
        scan=marker.scan.stem,
        source=marker.source,
        lesions=len(found.lesions),
        lesion_ml=found.lesion_ml,
        brain_share_assessed=found.extent.share,
        slices_assessed=found.extent.slices,
        slices_with_brain=found.extent.slices_with_brain,
        warnings=found.warnings,
        runtime=found.runtime,
        device=found.device,
        seconds=seconds,
    )


def failed(marker: Marker, code: str, reason: str) -> Outcome:
    """The outcome of a scan without results."""
    return Outcome(marker.scan.stem, marker.source, "failed", code=code, reason=reason)


def _refused(marker: Marker, error: UadError) -> Outcome:
    return failed(marker, error.problems[0].code, "; ".join(map(str, error.problems)))


def _kept(marker: Marker, outcome: Outcome) -> Outcome:
    """The same, kept where the disk takes it."""
    with suppress(OSError):
        marker.keep(outcome)
    return outcome


def _content_of(path: Path | None) -> str:
    """What names the bytes of a file; a missing one is refused when it is read."""
    return sha256(path) if path is not None and path.is_file() else ""


@lru_cache(maxsize=1)
def _templates() -> list[str]:
    """What names the bytes of those parts of a page that are no Python."""
    return [sha256(path) for path in sorted(Path(__file__).parents[1].glob("viewing/templates/*"))]


@lru_cache(maxsize=1)
def _opened(path: Path) -> Bundle:
    return Bundle.open(path)

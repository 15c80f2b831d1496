"""Many scans, one after the other or over cores: a scan that fails stops no other, and none is done twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import torch

from uadray.bundle.bundle import Bundle
from uadray.errors import UadError
from uadray.files import sha256, write_json, write_text
from uadray.prediction.derivatives import Figure, tsv, write
from uadray.prediction.predicting import predict
from uadray.prediction.results import MARKERS, begin, locked
from uadray.prediction.runtime import RUNTIMES, OpenVino, Torch
from uadray.prediction.scans import Wanted
from uadray.section import digest
from uadray.training.reuse import code
from uadray.viewing.qc import write_qc
from uadray.viewing.viewer import write_viewer

TABLE = "predictions.tsv"
FIGURES: tuple[Figure, ...] = (write_qc, write_viewer)  # what is drawn of each scan


@dataclass(frozen=True)
class Outcome:
    """What became of a scan; nothing is known of the numbers of one that failed."""

    scan: str
    status: str  # "done" or "failed"
    lesions: int | None = None
    lesion_ml: float | None = None
    brain_share_assessed: float | None = None
    slices_assessed: int | None = None
    slices_with_brain: int | None = None
    warnings: tuple[str, ...] = ()
    seconds: float | None = None
    code: str = ""
    reason: str = ""


class Each(Protocol):
    """How scans are worked through, in their order; results come in it, too."""

    def __call__(
        self, function: Callable[[Wanted], tuple[Outcome, bool]], items: Sequence[Wanted], /
    ) -> Iterable[tuple[Outcome, bool]]: ...


def one_by_one(
    function: Callable[[Wanted], tuple[Outcome, bool]], items: Sequence[Wanted]
) -> Iterator[tuple[Outcome, bool]]:
    """In this process."""
    return map(function, items)


@dataclass(frozen=True)
class Worker:
    """A model and a place for results; it can be sent to another process."""

    model: Path
    out: Path
    links: Mapping[Path, str]
    """The names of the scans' data sets in the description of the results."""
    device: str = "cpu"
    runtime: Torch | OpenVino = RUNTIMES["torch"]

    def __call__(self, scan: Wanted) -> tuple[Outcome, bool]:
        """What became of a scan, and whether that was known before.

        On one thread, so that results do not depend on how many scans are done at a time.
        """
        torch.set_num_threads(1)
        marker = self.out / MARKERS / f"{scan.stem}.json"
        started = time.perf_counter()
        try:
            bundle = _opened(self.model)
            key = digest(
                _content_of(scan.image),
                _content_of(scan.brain_mask),
                bundle.digest,
                code(),
                _templates(),
                self.runtime.plain(),
            )
            if (known := _known(marker, key, self.out)) is not None:
                return known, True
            _forget(scan, marker, self.out)
            found = predict(bundle, scan.image, scan.brain_mask, scan.stem, torch.device(self.device), self.runtime)
            files = write(found, scan, self.out, bundle, self.links[scan.dataset], FIGURES)
        except UadError as error:
            return failed(scan, error.problems[0].code, "; ".join(map(str, error.problems))), False
        except Exception as error:
            return failed(scan, "", repr(error)), False
        outcome = Outcome(
            scan=scan.stem,
            status="done",
            lesions=len(found.lesions),
            lesion_ml=found.lesion_ml,
            brain_share_assessed=found.extent.share,
            slices_assessed=found.extent.slices,
            slices_with_brain=found.extent.slices_with_brain,
            warnings=found.warnings,
            seconds=time.perf_counter() - started,
        )
        write_json(marker, {"key": key, "files": [path.as_posix() for path in files], "outcome": asdict(outcome)})
        return outcome, False


def predict_all(
    bundle: Bundle,
    scans: Sequence[Wanted],
    out: Path,
    on_scan: Callable[[Outcome, bool], None] = lambda outcome, known: None,
    each: Each = one_by_one,
    device: str = "cpu",
    runtime: Torch | OpenVino = RUNTIMES["torch"],
) -> list[Outcome]:
    """Assess scans and write their results, and predictions.tsv with a line for each, below `out`.

    A scan with results of this model and code is not done again. `on_scan` hears of each, and whether it was known.
    Raises DataError (UAD-379) for a folder with something else, and what the runtime raises, before a scan is read.
    """
    runtime.detector(bundle, torch.device(device))  # what cannot run is refused once, not for every scan
    links = begin(out, bundle, {scan.dataset for scan in scans})
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
            outcomes.append(failed(scans[len(outcomes)], "", repr(error)))
            on_scan(outcomes[-1], False)
    columns = [field.name for field in fields(Outcome)]
    with locked(out):
        rows = {**_former(out / TABLE), **{outcome.scan: asdict(outcome) for outcome in outcomes}}
        write_text(out / TABLE, tsv((rows[scan] for scan in sorted(rows)), columns))
    return outcomes


def _former(table: Path) -> dict[str, dict[str, Any]]:
    """The lines of earlier calls, by scan."""
    if not table.is_file():
        return {}
    header, *lines = (line.split("\t") for line in table.read_text(encoding="utf-8").splitlines())
    return {line[0]: dict(zip(header, line, strict=True)) for line in lines}


def failed(scan: Wanted, code: str, reason: str) -> Outcome:
    """The outcome of a scan without results."""
    return Outcome(scan.stem, "failed", code=code, reason=reason)


def _known(marker: Path, key: str, out: Path) -> Outcome | None:
    """The outcome of a scan whose results are there already."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(marker.read_text())
        if kept["key"] == key and all((out / name).is_file() for name in kept["files"]):
            return Outcome(**{**kept["outcome"], "warnings": tuple(kept["outcome"]["warnings"])})
    return None


def _forget(scan: Wanted, marker: Path, out: Path) -> None:
    """Remove a scan's former results: beside a failure those of another model would be taken for this one's."""
    marker.unlink(missing_ok=True)
    anat, figures = out / scan.folder, out / scan.folder.parent / "figures"
    for ending in ("space-orig_*", "lesions.*"):
        for former in (*anat.glob(f"{scan.stem}_{ending}"), *anat.glob(f".{scan.stem}_{ending}")):
            former.unlink()
    for former in figures.glob(f"{scan.stem}_*"):
        if "_" not in former.name.removeprefix(f"{scan.stem}_"):  # else it is another run's
            former.unlink()


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

"""What is kept of every scan beside its results: OUT/.uadray/STEM.json, of which the table is made.

A marker says which scan the results are of, what they were made from and by, and their SHA-256. It is the last file of
a scan to be written and the first to be removed: results without one are those of a process that was killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from uadray.errors import DataError, Problem
from uadray.files import sha256, write_json, write_text
from uadray.prediction.derivatives import tsv
from uadray.prediction.results import MARKERS, locked
from uadray.prediction.scans import Wanted

TABLE = "predictions.tsv"


@dataclass(frozen=True)
class Outcome:
    """What became of a scan; nothing is known of the numbers of one that failed."""

    scan: str
    source: str = ""
    """The image as `bids:DATASET:PATH`, where DATASET is a link of dataset_description.json."""
    status: str = "done"  # or "failed"
    lesions: int | None = None
    lesion_ml: float | None = None
    brain_share_assessed: float | None = None
    slices_assessed: int | None = None
    slices_with_brain: int | None = None
    warnings: tuple[str, ...] = ()
    runtime: str = ""
    device: str = ""
    seconds: float | None = None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Marker:
    """What is kept of one scan, below the folder of all results."""

    out: Path
    scan: Wanted
    source: str

    @property
    def path(self) -> Path:
        """Of the marker itself."""
        return self.out / MARKERS / f"{self.scan.stem}.json"

    def require_own(self) -> None:
        """Raise DataError (UAD-378) where another scan's results have this name."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            there = kept["outcome"]["status"] == "done" and any((self.out / name).exists() for name in kept["files"])
            if there and kept["source"] != self.source:
                must = "another scan's results must not have this name"
                do = "Choose another folder, tell the scans apart by acq-, rec- or run-, or remove those results."
                raise DataError(Problem("UAD-378", str(self.scan.image), must, f"those of {kept['source']}", do))

    def known(self, key: str) -> Outcome | None:
        """The outcome of a scan whose results are there as they were written."""
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if kept["key"] == key and all(sha256(self.out / name) == was for name, was in kept["files"].items()):
                return _outcome(kept)
        return None

    def keep(self, outcome: Outcome, key: str = "", files: Iterable[Path] = ()) -> None:
        """Keep what became of the scan; `files` are its results, below `out`."""
        written = {path.as_posix(): sha256(self.out / path) for path in files}
        write_json(self.path, {"source": self.source, "key": key, "files": written, "outcome": asdict(outcome)})

    def forget(self) -> None:
        """Remove the scan's former results: beside a failure those of another model would be taken for this one's."""
        self.path.unlink(missing_ok=True)
        stem, anat = self.scan.stem, self.out / self.scan.folder
        for ending in ("space-orig_*", "lesions.*"):
            for former in (*anat.glob(f"{stem}_{ending}"), *anat.glob(f".{stem}_{ending}")):
                former.unlink()
        for former in (anat.parent / "figures").glob(f"{stem}_*"):
            if "_" not in former.name.removeprefix(f"{stem}_"):  # else it is another run's
                former.unlink()


def write_table(out: Path, outcomes: Iterable[Outcome]) -> None:
    """Write predictions.tsv anew: what is kept of all scans, and what became of those of this call.

    What a former table says is not asked: a person may have changed it.
    """
    with locked(out):
        rows = {(row["scan"], row["source"]): row for row in map(asdict, (*_kept(out), *outcomes))}
        columns = [field.name for field in fields(Outcome)]
        write_text(out / TABLE, tsv((rows[key] for key in sorted(rows)), columns))


def _kept(out: Path) -> Iterator[Outcome]:
    for path in sorted((out / MARKERS).glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            yield _outcome(json.loads(path.read_text(encoding="utf-8")))


def _outcome(kept: Mapping[str, Any]) -> Outcome:
    """Of a marker, also of an earlier version's, which said less."""
    names = {field.name for field in fields(Outcome)}
    told = {name: value for name, value in kept["outcome"].items() if name in names}
    return Outcome(**{**told, "warnings": tuple(told.get("warnings", ()))})

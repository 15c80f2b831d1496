"""How a person names a model: a folder of one, a study and a trial, or a name that somebody else resolves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from uadray.bundle.bundle import MODEL, Bundle
from uadray.bundle.writing import write_bundle
from uadray.data.store import Store
from uadray.errors import ConfigError, DataError, Problem, StudyError
from uadray.files import LOCK, alone, sha256
from uadray.layout import PLAN, STUDIES, VERDICT
from uadray.scoring import threshold
from uadray.section import digest
from uadray.study.ledger import Ledger, Record
from uadray.study.result.selection import sealed_trial

Fetch = Callable[[str], Bundle]
"""The model behind a reference of one scheme, as `models:/NAME@ALIAS`."""
NOWHERE: Mapping[str, Fetch] = MappingProxyType({})


def opened(reference: str, workspace: Path, elsewhere: Mapping[str, Fetch] = NOWHERE) -> Bundle:
    """The model that a reference names; of a study's trial a model file is made below the workspace, once.

    `elsewhere` has what fetches the models of references that begin with its keys and `:/`. Raises DataError: UAD-375
    for a reference that leads nowhere, and what Bundle.open raises; StudyError (UAD-332) for a trial that is not
    finished, and what `write_bundle` and a fetch raise.
    """
    scheme = reference.partition(":/")[0]
    if scheme in elsewhere:
        return elsewhere[scheme](reference)
    if is_model(reference) or not _is_study(reference):
        return Bundle.open(Path(reference))
    return made(*trial(reference, workspace))


def is_model(reference: str) -> bool:
    """Whether it names the folder of a model file, as it seems before that is opened."""
    return (Path(reference) / MODEL).is_file()


def made(ledger: Ledger, store: Store, record: Record) -> Bundle:
    """The model file of a study's trial in `models/` of its workspace, written if it is not there.

    One process of a workspace at a time: another waits, and opens what the first has written.
    Raises what `write_bundle` and Bundle.open raise.
    """
    name = f"{ledger.folder.name}-{record.index:04d}-{content_key(ledger, store.key, record)}"
    folder = store.path.parents[1] / "models" / name
    if folder.is_dir():  # a workspace may be read by who cannot write in it
        return Bundle.open(folder)
    with alone(folder.parent / LOCK):
        return Bundle.open(folder) if folder.is_dir() else write_bundle(ledger, store, record, folder)


def content_key(ledger: Ledger, store: str, record: Record) -> str:
    """Names what the model file of a trial is made from; after another test it is another one."""
    fitted = None if record.threshold is None else threshold.plain(record.threshold)
    verdict = ledger.folder / VERDICT
    tested = sha256(verdict) if verdict.is_file() else ""
    return digest(ledger.study_id, record.training, record.run.plain(), fitted, store, tested)


def trial(reference: str, workspace: Path, number: int | None = None) -> tuple[Ledger, Store, Record]:
    """The trial of a study's folder, or of the name of one in the workspace; the selected one unless named.

    A reference ends with `:best` or `:7`, or with neither, where `number` may name the trial. Raises ConfigError
    (UAD-389) for a number beside either; DataError: UAD-375, UAD-140 to UAD-143 for the study's store; StudyError
    (UAD-332).
    """
    folder, asked = _study(reference, workspace)
    if asked is not None and number is not None:
        must, do = "a trial must be named once", f"Leave :{asked} or --trial out."
        raise ConfigError(Problem("UAD-389", reference, must, f":{asked} and --trial {number}", do))
    ledger = Ledger(folder.resolve())
    named = number if asked in (None, "best") else int(asked)
    index = sealed_trial(ledger) if named is None else named
    record = None if index is None else ledger.record(index)
    if record is None:
        scored = [each.index for each in ledger.records() if each.threshold is not None]
        got = "none, since the study has not ended" if index is None else f"trial {index}"
        do = f"Choose of trials {ranges(scored)}." if scored else "Wait until one is scored."
        raise StudyError(Problem("UAD-332", str(folder), "the study must have this trial, finished", got, do))
    return ledger, Store.open(ledger.store_path), record


def ranges(numbers: Iterable[int]) -> str:
    """Whole numbers that rise, in few words.

    >>> ranges([0, 1, 2, 3, 7, 9, 10])
    '0 to 3, 7, 9, 10'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _is_study(reference: str) -> bool:
    """Whether it does not name an existing folder that is no study: that one is opened, and refused, as a model."""
    return not Path(reference).is_dir() or (Path(reference) / PLAN).is_file()


def _study(reference: str, workspace: Path) -> tuple[Path, str | None]:
    """The study's folder, and what names the trial: `best`, a number, or nothing."""
    if (Path(reference) / PLAN).is_file():
        return Path(reference), None
    match = re.fullmatch(r"(.+?)(?::(best|[0-9]{1,9}))?", reference)
    if match is not None:
        places = [Path(match[1])]
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", match[1]):
            places.append(workspace / STUDIES / match[1])
        for folder in places:
            if (folder / PLAN).is_file():
                return folder, match[2]
    studies = sorted(path.parent.name for path in (workspace / STUDIES).glob(f"*/{PLAN}"))
    must = "a model must be a folder, or STUDY:best or STUDY:NUMBER of a study's folder or of the workspace"
    got = f"neither; studies in {workspace / 'studies'}: {', '.join(studies) or 'none'}"
    raise DataError(Problem("UAD-375", reference, must, got, "Correct the path or --workspace."))

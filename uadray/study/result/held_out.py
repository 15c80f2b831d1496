"""The one door to the test split: shut until the selection is on disk, and every opening is written down."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

from uadray.data.store import Slices, Store
from uadray.data.subject import Group, Split
from uadray.errors import Problem, StudyError
from uadray.layout import OPENINGS, SELECTION
from uadray.study.ledger import Ledger
from uadray.study.result.selection import sealed_trial


def open_test(ledger: Ledger, store: Store, purpose: str, group: Group = "lesion", split: Split = "test") -> Slices:
    """The slices of the test patients, or of another group, once what they are for is in the study's openings.jsonl.

    `split` is where another store has them. The first opening is the verdict's; later ones are there to be seen. Raises
    StudyError (UAD-331) while no selection is on disk.
    """
    if sealed_trial(ledger) is None:
        must, do = "the selection must be on disk before the test split is opened", "Select first."
        raise StudyError(Problem("UAD-331", str(ledger.folder), must, "none", do))
    opening = {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "for": purpose,
        "group": group,
        "split": split,
        "store": store.key,
    }
    with (ledger.folder / OPENINGS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(opening) + "\n")
        file.flush()
        os.fsync(file.fileno())
    ledger.mirror.send_files([ledger.folder / SELECTION, ledger.folder / OPENINGS])
    return store.read(split, group)


def openings(ledger: Ledger) -> list[dict[str, str]]:
    """When the test split was opened, and for what; oldest first."""
    path = ledger.folder / OPENINGS
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []

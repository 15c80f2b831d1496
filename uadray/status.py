"""Where a study is, asked from another terminal; nothing is computed and nothing is disturbed.

python -m uadray.status runs/studies/latent
"""

from __future__ import annotations

import json
from pathlib import Path

from uadray.console import OUT, exit_codes, run
from uadray.errors import Problem, StudyError
from uadray.layout import SELECTION
from uadray.remote.lease import LEASE, last_heard
from uadray.study.ledger import Ledger
from uadray.study.screen.board import LIVE, Board
from uadray.study.workspace.folder import holder
from uadray.study.workspace.naming import Named, study_folder


def status(study: Named) -> None:
    """Print a study's trials, its best so far, what failed and why, and who runs it."""
    with exit_codes():
        folder = study_folder(study)
        if (folder / LIVE).is_file():
            board = _board(folder / LIVE)
            OUT.print(board.table(max(4, OUT.height - 10) if OUT.is_terminal else None))
            OUT.print(board.state, highlight=False)
        else:
            OUT.print(f"{folder.name}: no trial has begun.", highlight=False)
        OUT.print(_where(folder), highlight=False, soft_wrap=True)


def _board(path: Path) -> Board:
    try:
        return Board.parse(json.loads(path.read_text(encoding="utf-8")))
    except (TypeError, KeyError, ValueError) as error:
        must, do = "must be one that this version writes", "Use the version that runs the study."
        raise StudyError(Problem("UAD-333", str(path), must, f"{type(error).__name__}: {error}"[:200], do)) from None


def _where(study: Path) -> str:
    who = holder(study)
    if who is not None:
        return f"It is run by {who}."
    if (study / LEASE).is_file():
        return f"When it was brought home it was run by {last_heard(study / LEASE)}."
    if sealed := Ledger(study).finding(SELECTION):
        return f"Nobody runs it. It ended: {sealed['ending']}; trial {sealed['trial']} was selected."
    return "Nobody runs it; the command that began it goes on from here."


if __name__ == "__main__":
    run(status)

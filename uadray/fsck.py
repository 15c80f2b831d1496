"""Verify a store of slices to the last byte: files, checksums, rows, masks.

python -m uadray.fsck runs/stores/KEY
"""

from __future__ import annotations

import typer

from uadray.console import ERR, OUT, exit_codes, run
from uadray.options import StoreFolder


def fsck(store: StoreFolder) -> None:
    """Print what is wrong with a store, or one line if it is intact."""
    with exit_codes():
        from uadray.data.fsck import check
        from uadray.data.store import Store

        problems = check(store)
        for problem in problems:
            ERR.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
        if problems:
            raise typer.Exit(2)
        OUT.print(f"intact: {Store.open(store).describe()}", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(fsck)

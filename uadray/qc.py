"""Look at every scan of a store, the most unusual first: a page to open in a browser, and a picture a subject.

python -m uadray.qc runs/stores/KEY
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from uadray.console import OUT, exit_codes, run
from uadray.options import StoreFolder

Output = Annotated[Path | None, typer.Option("-o", "--output", help="Folder for the pages; STORE-qc if not given.")]


def qc(store: StoreFolder, output: Output = None) -> None:
    """Write the pages and say where they are."""
    with exit_codes():
        from uadray.data.qc.pages import write_pages
        from uadray.data.store import Store

        opened = Store.open(store)
        place = store.resolve()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=OUT, transient=True) as bar:
            drawing = bar.add_task("drawing subjects", total=len(opened.manifest.subjects))
            page = write_pages(
                opened,
                output or place.with_name(f"{place.name}-qc"),  # not inside, where no other file may be
                lambda done, _, name: bar.update(drawing, completed=done),
            )
        OUT.print(f"pages: {page}", highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(qc)

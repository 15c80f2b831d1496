"""Tables for terminals: numbers keep their room, words give theirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.console import JustifyMethod
from rich.table import Table


def table(title: str, columns: Sequence[str], words: Collection[str], least: int = 6) -> Table:
    """An empty table; columns of `words` are left-aligned, the first of them is folded on a narrow screen."""
    found = Table(title=title, title_justify="left", expand=False)
    folded = next(column for column in columns if column in words)
    for column in columns:
        width = None if column == folded else max(len(column), least)
        justify: JustifyMethod = "left" if column in words else "right"
        found.add_column(column, justify=justify, no_wrap=column != folded, min_width=width)
    return found

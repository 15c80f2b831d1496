"""Tables of subjects: rows with their line numbers, the words for a group, and files that stay inside the cohort."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Collection, Iterator
from itertools import zip_longest
from pathlib import Path

from uadray.data.subject import Group
from uadray.errors import DataError, Problem

GROUP_WORDS: dict[Group, tuple[str, ...]] = {
    "healthy": ("healthy", "control", "hc"),
    "lesion": ("lesion", "patient", "ms"),
    "unlabelled": ("unlabelled", "unknown"),
}


def rows(
    table: Path, needed: Collection[str], known: Collection[str] | None = None
) -> list[tuple[int, dict[str, str]]]:
    """The lines of a `.tsv` or `.csv` file with their numbers; raises DataError (UAD-121).

    Cells are stripped, and "n/a", BIDS's word for nothing, is empty. A column diagnosis stands for group where there
    is none. Columns that are not `known` are refused if that is given. TSV has no quotes, as in BIDS; CSV may have.
    """
    comma = table.suffix == ".csv"

    def refuse(got: str) -> DataError:
        form = f"UTF-8 text, {'comma' if comma else 'tab'}-separated"
        must = f"{table.name} must be {form}, with the columns {', '.join(needed)}"
        return DataError(Problem("UAD-121", str(table), must, got, "Correct the table."))

    if table.suffix not in (".csv", ".tsv"):
        raise refuse(f"neither .csv nor .tsv but {table.suffix!r}")
    if not os.path.isfile(table):  # opening a pipe would wait for ever
        raise refuse("no such file")
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            tabs = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            reader = csv.reader(lines, strict=True) if comma else tabs
            columns = [column.strip() for column in next(reader, [])]
            if "group" not in columns:
                columns = ["group" if column == "diagnosis" else column for column in columns]
            if missing := sorted(set(needed) - set(columns)):
                raise refuse(f"the columns {columns} without {missing}")
            if len(set(columns)) < len(columns):
                raise refuse(f"the columns {columns}, one of them twice")
            if known is not None and (unknown := sorted(set(columns) - set(known))):
                raise refuse(f"the columns {unknown}, which are none of {', '.join(known)}")
            found: list[tuple[int, dict[str, str]]] = []
            for row in filter(None, reader):
                cells = [cell.strip() for cell in row]
                if any(cells[len(columns) :]):
                    raise refuse(f"more cells than columns in line {reader.line_num}")
                filled = zip_longest(columns, cells[: len(columns)], fillvalue="")
                found.append((reader.line_num, {column: "" if cell == "n/a" else cell for column, cell in filled}))
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse(f"{type(error).__name__}: {error}") from error


def group_of(word: str, where: str) -> Group:
    """The group that a word in a table names, in capitals or not; raises DataError (UAD-123).

    >>> group_of("HC", "line 2"), group_of("MS", "line 3")
    ('healthy', 'lesion')
    """
    for group, words in GROUP_WORDS.items():
        if word.lower() in words:
            return group
    must = " or ".join(f"{words[0]} (also: {', '.join(words[1:])})" for words in GROUP_WORDS.values())
    raise DataError(Problem("UAD-123", where, f"group must be {must}", repr(word), "Correct the column group."))


def listed_once(name: str, line: int, where: str, line_of: dict[str, int]) -> None:
    """Note the line of a name; raises DataError (UAD-124) if it has one already."""
    if (first := line_of.setdefault(name, line)) != line:
        got = f"{name} again, first in line {first}"
        raise DataError(Problem("UAD-124", where, "a participant must be listed once", got, "Delete one line."))


def require_folder(root: Path, key: str) -> None:
    """Raises DataError (UAD-120) where there is no folder; `key` is where the configuration names it."""
    if not root.is_dir():
        raise DataError(Problem("UAD-120", str(root), "it must be a folder", "no such folder", f"Correct {key}."))


@contextlib.contextmanager
def collected(problems: list[Problem]) -> Iterator[None]:
    """What is wrong inside is added to the problems, to be raised with the others."""
    try:
        yield
    except DataError as error:
        problems += error.problems


def require_inside(path: Path, root: Path, where: str) -> None:
    """Raises DataError (UAD-129) for a path that leads out of the root, symbolic links followed."""
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(os.path.realpath(root)):
        must = "a file must lie inside the cohort's folder"
        raise DataError(Problem("UAD-129", where, must, f"a link to {target}", "Copy the file there."))

"""A workspace that was moved or copied: MLflow's database has the places of its files as absolute paths."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def bring_along(database: Path, files: Path) -> None:
    """Have the database find the files of its studies in `files`, the folder beside it, where they are there now.

    Else a copy would read and write the files of the workspace that it was copied from.
    """
    with closing(sqlite3.connect(database)) as opened, opened:
        known = opened.execute("SELECT name, artifact_location FROM experiments WHERE name LIKE 'uadray/%'").fetchall()
        for name, location in known:
            here = files / name.removeprefix("uadray/")
            if location != here.as_uri() and here.is_dir():
                for table, column in PLACES:
                    opened.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?)"
                        f" WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                        (here.as_uri(), len(location) + 1, location, len(location) + 1, f"{location}/"),
                    )

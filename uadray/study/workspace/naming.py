"""How a person names a study: by its folder, or by its name in the workspace `runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from uadray.errors import ConfigError, Problem
from uadray.layout import PLAN

Named = Annotated[Path, typer.Argument(help="A study: its folder, the one with study.json, or its name in runs/.")]


def study_folder(named: Path) -> Path:
    """The folder of a study; raises ConfigError (UAD-304) where none has begun."""
    return study_folders([named])[0]


def study_folders(named: list[Path]) -> list[Path]:
    """The folders of studies, each given by its folder or by its name; raises ConfigError (UAD-304) of all at once."""
    places = [(name, _in_runs(name)) for name in named]
    folders = [name if (name / PLAN).is_file() else inside for name, inside in places]
    problems = [_no_study(name) for name, folder in zip(named, folders, strict=True) if not (folder / PLAN).is_file()]
    if problems:
        raise ConfigError(problems)
    return folders


def _in_runs(name: Path) -> Path:
    return Path("runs", "studies", name) if len(name.parts) == 1 and name.name else name


def _no_study(name: Path) -> Problem:
    if ":/" in str(name):
        url = str(name).replace(":/", "://", 1)  # a path has no //
        do = "Bring it home with python -m uadray.fetch, and give its folder there."
        return Problem("UAD-304", url, "a study must have begun there", "a URL, which is no folder", do)
    there = sorted(
        path.parent.name
        for place in (name, name / "studies", Path("runs", "studies"))
        for path in place.glob(f"*/{PLAN}")
    )
    do = (
        f"Give the name or the folder of one of these: {', '.join(dict.fromkeys(there))}."
        if there
        else ("Give the folder below studies/ that the sweep names.")
    )
    return Problem("UAD-304", str(name), "a study must have begun there", f"no {PLAN}", do)

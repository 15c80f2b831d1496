"""What a study was begun with, written down in its folder: versions, the device, the revision of the sources."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch

from uadray import __version__
from uadray.files import write_json

ENVIRONMENT = "environment.json"
PACKAGES = ("mlflow", "numpy", "optuna", "ray", "torch")


def write_environment(folder: Path) -> None:
    """Write environment.json, unless the folder has one: a study that goes on keeps the first."""
    path = folder / ENVIRONMENT
    if not path.is_file():
        write_json(path, environment())


def read_environment(folder: Path) -> dict[str, str]:
    """As tags of a run; {} for a study that was begun before they were written down."""
    path = folder / ENVIRONMENT
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def environment() -> dict[str, str]:
    """By the names of tags; nothing in it names the machine or who uses it."""
    return {
        "uadray.version": __version__,
        "env.python": platform.python_version(),
        **{f"env.{package}": version(package) for package in PACKAGES},
        "env.system": f"{platform.system()} {platform.machine()}",
        "env.gpu": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none",
        "env.cuda": torch.version.cuda or "none",
        **_revision(),
    }


def _revision() -> dict[str, str]:
    """The commit of the working directory, and whether files differ from it; {} where it is no repository."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return {}
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return {"mlflow.source.git.commit": commit, "uadray.git_dirty": "true" if changed else "false"}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

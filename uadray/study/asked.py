"""What a study was asked, read back from its folder."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from uadray.errors import Problem, StudyError
from uadray.study.folder import PLAN
from uadray.study.plan import StudyConfig


def read_plan(folder: Path) -> tuple[StudyConfig, str]:
    """What a study was asked, and the key of its store; raises StudyError (UAD-333) for one of another version."""
    path = folder / PLAN
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        store_key = str(tree.pop("store"))
        return StudyConfig.parse({name: value for name, value in tree.items() if name != "id"}), store_key
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a ValidationError is a ValueError
        must, do = "a study must be one that this version writes", "Use the version that made it, or run it anew."
        got = f"{error.error_count()} errors" if isinstance(error, ValidationError) else f"{type(error).__name__}"
        raise StudyError(Problem("UAD-333", str(path), must, got, do)) from error

"""Trained weights, found again by everything that shaped them: the same training is never made twice.

    trainings/KEY/epoch-0016/      a checkpoint that a trial ended with, and `kept` for that
    trainings/KEY/epoch-0016/scores/DIGEST/      what a scoring of it gave
    trainings/KEY/epoch-0016/times/DIGEST.json   how long its slices take, whatever the threshold
    trainings/KEY/epoch-0016/pictures/CODE/      what it draws by itself, however it is scored
    trainings/KEY/epoch-0016/maps/               what it gives of slices (kept_maps.py)

A trial that differs from an earlier one in its scoring alone takes its weights; one that asks for more epochs goes on
from them; an identical one takes the scores, too. The key holds the model, the training but for its length, the slices,
the arithmetic, and this package's own code for models and trainings: a change of any of them trains anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uadray
from uadray.config import RunConfig
from uadray.files import draft_of, linked, write_json
from uadray.models.base import Model
from uadray.section import digest

SCORES = "scores.json"


def training_key(run: RunConfig, model: Model, store: str, size: int, arithmetic: Sequence[str | int]) -> str:
    """What names the training of a run's model: sixteen hex digits.

    `arithmetic` is what else decides how numbers are rounded: precision, device, threads, workers. The length of the
    training does not count, but where updates have their phases: these are shares of it.
    """
    how = run.train.model_dump(mode="json", exclude={"precision", "stop_after"})
    if all(update.phase == (0.0, 1.0) for update in model.updates().values()):
        how.pop("epochs")
    return digest(run.model.plain(), how, store, size, *arithmetic, version("torch"), code("models", "training"))


@lru_cache
def code(*packages: str) -> str:
    """A digest of the sources of some of this package's parts, or of all of them."""
    root, found = Path(uadray.__file__).parent, hashlib.sha256()
    for part in packages or (".",):
        for path in sorted((root / part).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def scored(
    checkpoint: Path, how: Mapping[str, Any], folder: Path, score: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What `score` returns for a kept checkpoint scored `how`, and the pictures that it leaves in `folder`.

    `score` is called where no such scoring was made with this code; its pictures are hard links afterwards.
    """
    known = checkpoint / "scores" / digest(how, code())
    for former in folder.glob("*.png"):  # what is written below may not reach them through a link
        former.unlink()
    if (kept := _sealed(known / SCORES)) is not None:
        for picture in known.glob("*.png"):
            linked(picture, folder / picture.name)
        return kept
    found = score()
    draft = draft_of(known)
    draft.mkdir(parents=True, exist_ok=True)
    for picture in folder.glob("*.png"):
        linked(picture, draft / picture.name)
    _seal(draft / SCORES, found)
    shutil.rmtree(known, ignore_errors=True)
    draft.rename(known)
    return found


def drawn(checkpoint: Path, picture: Path, draw: Callable[[Path], None]) -> None:
    """Have at `picture` what `draw` writes for a kept checkpoint, maybe nothing; it is drawn once, with this code."""
    known = checkpoint / "pictures" / code() / picture.name
    if not known.is_file():
        known.parent.mkdir(parents=True, exist_ok=True)
        draft = known.with_name(f"{draft_of(known).name}{known.suffix}")  # which says what kind of picture
        draw(draft)
        if not draft.is_file():
            return
        draft.replace(known)
    linked(known, picture)


def timed(checkpoint: Path, how: Mapping[str, Any], measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What `measure` returns for a kept checkpoint that is used `how`; it is called once, with this code.

    So another threshold costs no second measurement, and one model is not faster than itself.
    """
    known = checkpoint / "times" / f"{digest(how, code())}.json"
    found = _sealed(known)
    if found is None:
        found = measure()
        _seal(known, found)
    return found


def _seal(path: Path, content: Mapping[str, Any]) -> None:
    write_json(path, {"content": content, "digest": digest(content)})


def _sealed(path: Path) -> dict[str, Any] | None:
    """What the file was sealed with; None where it is not there, or not as it was written."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        written = json.loads(path.read_text())
        content: dict[str, Any] = written["content"]
        return content if written["digest"] == digest(content) else None
    return None

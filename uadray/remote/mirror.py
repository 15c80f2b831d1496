"""A folder of this machine and the same folder in an object store, brought into agreement one way or the other.

Files whose name begins with a dot, locks and drafts, stay where they are. Data are sent first, then JSON, then a
trial's record, and what is superseded is dropped last: whoever brings a folder after a kill in the midst of it finds
the former checkpoint whole, or the new one. Weights and slices, which have their SHA-256 written in a header, are known
by their size and by that header; all else is brought and sent again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Protocol

from uadray.files import write_bytes
from uadray.remote.objects import Objects

SEALED = (".safetensors", ".parquet")
HEADERS = ("checkpoint.json", "manifest.json")
LAST = (".json", ".jsonl", ".yaml")


class Mirror(Protocol):
    """Where else a workspace is."""

    def bring(self, folder: Path) -> None:
        """Have what was sent of a folder."""

    def bring_file(self, path: Path) -> None:
        """Have a file as it was sent, if it was."""

    def content(self, path: Path) -> bytes | None:
        """What a file holds where the workspace is; None where there is none."""

    def has(self, path: Path) -> bool:
        """Whether a file of this machine is elsewhere, too."""

    def send(self, folder: Path) -> None:
        """Have elsewhere what is in a folder."""

    def send_files(self, paths: Iterable[Path]) -> None:
        """Have elsewhere what these files hold, in this order."""

    def drop(self, folders: Iterable[Path]) -> None:
        """Have no longer elsewhere what is gone here: checkpoints that newer ones supersede."""


@dataclass(frozen=True)
class Here:
    """Nowhere else: every process sees the same folder."""

    def bring(self, folder: Path) -> None:
        """Nothing: it is here."""

    def bring_file(self, path: Path) -> None:
        """Nothing: it is here."""

    def content(self, path: Path) -> bytes | None:
        """As it is here."""
        return path.read_bytes() if path.is_file() else None

    def has(self, path: Path) -> bool:
        """As every process sees it."""
        return True

    def send(self, folder: Path) -> None:
        """Nothing: it is there."""

    def send_files(self, paths: Iterable[Path]) -> None:
        """Nothing: they are there."""

    def drop(self, folders: Iterable[Path]) -> None:
        """Nothing: they are gone."""


@dataclass(frozen=True)
class There:
    """A workspace below a URL; `root` is where it lies on this machine."""

    objects: Objects
    root: str

    def bring(self, folder: Path) -> None:
        """Have what was sent of a folder, each file as old as it is there; what is here besides stays."""
        there = self.objects.found(self._name(folder))
        alike = self._alike(there)
        for name, info in sorted(there.items(), key=lambda found: _rank(found[0])):
            path = Path(self.root) / name
            if name.endswith(".db") and path.is_file():  # it is used here
                continue
            if name.endswith(SEALED) and path.is_file() and path.stat().st_size == info.size and alike(name):
                continue
            content = self.objects.read(name)
            if content is not None:  # else another process dropped it meanwhile
                write_bytes(path, content)
                os.utime(path, ns=(info.mtime_ns, info.mtime_ns))  # a run's end is when its record was written

    def bring_file(self, path: Path) -> None:
        """Have a file as it was sent, if it was."""
        content = self.content(path)
        if content is not None:
            write_bytes(path, content)

    def content(self, path: Path) -> bytes | None:
        """As it was sent, if it was."""
        return self.objects.read(self._name(path))

    def has(self, path: Path) -> bool:
        """Whether it was sent, and is there still."""
        return self._name(path) in self.objects.children(self._name(path.parent))

    def send(self, folder: Path) -> None:
        """Have elsewhere what is in a folder."""
        there = self.objects.sizes(self._name(folder))
        alike = self._alike(there)
        found = {self._name(path): path for path in folder.rglob("*") if _kept(path, folder)}
        for name, path in sorted(found.items(), key=lambda each: _rank(each[0])):
            if not name.endswith(SEALED) or there.get(name) != path.stat().st_size or not alike(name):
                self.objects.write(name, path.read_bytes())

    def send_files(self, paths: Iterable[Path]) -> None:
        """Have elsewhere what these files hold, in this order."""
        for path in paths:
            self.objects.write(self._name(path), path.read_bytes())

    def drop(self, folders: Iterable[Path]) -> None:
        """Have no longer elsewhere what is gone here, but for what another machine keeps."""
        for folder in folders:
            there = self.objects.sizes(self._name(folder))
            if not any(name.endswith("/kept") for name in there):
                for name in sorted(there, key=_rank, reverse=True):
                    self.objects.remove(name)

    def _alike(self, there: Container[str]) -> Callable[[str], bool]:
        """Whether a file's nearest header is here what it is there, or is in neither place; each is read once."""

        @cache
        def below(folder: PurePosixPath) -> bool:
            for name in (f"{folder}/{header}" for header in HEADERS):
                own = Path(self.root) / name
                if own.is_file() or name in there:
                    return own.is_file() and name in there and own.read_bytes() == self.objects.read(name)
            return folder == folder.parent or below(folder.parent)

        return lambda name: below(PurePosixPath(name).parent)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _kept(path: Path, folder: Path) -> bool:
    return path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _rank(name: str) -> tuple[int, str]:
    """Data, then JSON, then what says that all is there."""
    return (2 if name.endswith("/trial.json") else 1 if name.endswith(LAST) else 0, name)

"""An object store below one URL, by pyarrow's file systems: s3://, gs://, abfss://, and file:// for a folder.

Endpoint and keys come from the environment, as each store's own tools have it (AWS_ENDPOINT_URL, AWS_PROFILE, ...);
nothing of them is written or said. An object appears whole or not at all, but for Azure's: there Arrow puts an empty
one in a former one's place before the new one is whole. So one of JSON that is empty is asked for again, as a store
that is away is; where it stays so, its writer was killed in the midst of it, and a person is told.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pyarrow import fs

from uadray.errors import ConfigError, Problem, StudyHalted, in_a_line
from uadray.files import write_bytes

LOG = logging.getLogger(__name__)
AZURE = r"abfss://[a-z0-9$-]+@[a-z0-9]+\.dfs\.core\.windows\.net(/[^\s@?]*)?"  # container and account
URL = re.compile(rf"(s3|gs|file)://[^\s@?]+|{AZURE}")  # nobody's keys in it
WAITS_S = (1.0, 2.0, 5.0, 15.0, 60.0)  # between attempts: a store that is away for a minute ends nothing
NEVER_EMPTY = (".json", ".jsonl")
KNOWN = "s3://BUCKET/PATH, gs://BUCKET/PATH and abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH"
Result = TypeVar("Result")


def is_url(place: str) -> bool:
    """Whether a workspace is in an object store, and no folder.

    >>> is_url("s3://bucket/runs"), is_url("runs")
    (True, False)
    """
    return "://" in place


class StoreAway(StudyHalted):
    """The object store did not answer for longer than a study waits; what was begun goes on when it does."""


class CutShort(StoreAway):
    """An object is empty that never is when its writer comes to the end."""


@dataclass(frozen=True)
class Objects:
    """What is below one URL; names are relative to it, with slashes. It can be sent between processes."""

    url: str

    def found(self, under: str = "") -> dict[str, fs.FileInfo]:
        """Size and time of every object whose name begins with a folder's, by name."""
        found = self._patiently(lambda: self._listed(under, recursive=True))
        return {info.path[len(self._root) + 1 :]: info for info in found if info.type == fs.FileType.File}

    def sizes(self, under: str = "") -> dict[str, int]:
        """The bytes of these objects."""
        return {name: info.size for name, info in self.found(under).items()}

    def children(self, under: str) -> list[str]:
        """The names of the objects that are in a folder itself."""
        found = self._patiently(lambda: self._listed(under, recursive=False))
        return [info.path[len(self._root) + 1 :] for info in found if info.type == fs.FileType.File]

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is none. Raises CutShort (UAD-456) for JSON that stays empty."""

        def content() -> bytes | None:
            try:
                with self._system.open_input_stream(self._path(name)) as stream:
                    found = bytes(stream.read())
            except FileNotFoundError:
                return None
            if not found and name.endswith(NEVER_EMPTY):
                raise _Empty(f"{name} is empty, as while it is written")
            return found

        try:
            return self._patiently(content)
        except StoreAway as away:
            if not isinstance(away.__cause__, _Empty):
                raise
            must, do = "an object of JSON must have content", "Remove it; the study's own command writes it anew."
            got = f"none in {sum(WAITS_S):.0f} s"
            raise CutShort(Problem("UAD-456", f"{self.url}/{name}", must, got, do)) from away

    def write(self, name: str, content: bytes) -> None:
        """Have an object with this content; a former one is replaced."""

        self._patiently(lambda: self.attempt_to_write(name, content))

    def attempt_to_write(self, name: str, content: bytes) -> None:
        """`write` without patience; raises OSError."""
        system, path = self._system, self._path(name)
        if isinstance(system, fs.LocalFileSystem):  # which has folders, and shows a file before it is whole
            write_bytes(Path(path), content)
            return
        with system.open_output_stream(path) as stream:
            stream.write(content)

    def remove(self, name: str) -> None:
        """Have no such object."""
        self._patiently(lambda: self.attempt_to_remove(name))

    def attempt_to_remove(self, name: str) -> None:
        """`remove` without patience; raises OSError."""
        if self._system.get_file_info(self._path(name)).type == fs.FileType.File:
            self._system.delete_file(self._path(name))

    def _listed(self, under: str, recursive: bool) -> list[fs.FileInfo]:
        selector = fs.FileSelector(self._path(under), recursive=recursive, allow_not_found=True)
        found: list[fs.FileInfo] = self._system.get_file_info(selector)
        return found

    @property
    def _system(self) -> fs.FileSystem:
        return _opened(self.url)[0]

    @property
    def _root(self) -> str:
        return _opened(self.url)[1]

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}".rstrip("/")

    def _patiently(self, step: Callable[[], Result]) -> Result:
        """What a step returns, tried again while the store is away; raises StoreAway (UAD-448) when it stays away."""
        for wait_s in WAITS_S:
            try:
                return step()
            except OSError as error:
                LOG.warning("%s does not answer, again in %g s: %s", self.url, wait_s, in_a_line(error))
                time.sleep(wait_s)
        try:
            return step()
        except OSError as error:
            must, do = "the object store must answer", "When it does, the same command goes on from here."
            raise StoreAway(Problem("UAD-448", self.url, must, in_a_line(error), do)) from error


def opened(url: str) -> Objects:
    """The objects below a URL.

    Raises ConfigError: UAD-446 for what is no URL of an object store, UAD-447 where the store does not let one in.
    """
    if not URL.fullmatch(url):
        must, got = "must be a URL of an object store", url.rpartition("@")[2]
        do = f"{KNOWN} are known; keys and endpoint come from the environment, not from the URL."
        raise ConfigError(Problem("UAD-446", "workspace", must, got, do))
    try:
        system, root = _opened(url.rstrip("/"))
        if system.get_file_info(root.partition("/")[0] or "/").type == fs.FileType.NotFound:
            raise FileNotFoundError("no such bucket")
        system.get_file_info(fs.FileSelector(root, allow_not_found=True))
    except (OSError, ValueError) as error:
        must, do = (
            "the object store must let one in",
            "See the bucket's name, and keys and endpoint in the environment.",
        )
        raise ConfigError(Problem("UAD-447", url, must, in_a_line(error), do)) from error
    return Objects(url.rstrip("/"))


def writable(objects: Objects) -> Objects:
    """The same objects, once one was written and removed; raises ConfigError (UAD-447) where that is not allowed.

    Where it may be written and not be removed, it stays, and its name is said.
    """
    name, do = f".probe-{uuid.uuid4().hex}", "See the rights of the keys in the environment."
    _allow(objects, "write", lambda: objects.attempt_to_write(name, b""), do)
    _allow(objects, "delete", lambda: objects.attempt_to_remove(name), f"{do} {name} was written there, and stays.")
    return objects


def _allow(objects: Objects, what: str, step: Callable[[], None], do: str) -> None:
    try:
        step()
    except OSError as error:
        must = f"the object store must let one {what}"
        raise ConfigError(Problem("UAD-447", objects.url, must, in_a_line(error), do)) from error


class _Empty(OSError):
    """An object of JSON without content."""


@lru_cache
def _opened(url: str) -> tuple[fs.FileSystem, str]:
    system, root = fs.FileSystem.from_uri(url)
    return system, root.rstrip("/")


def cache(url: str) -> Path:
    """The folder of this machine, and by the same name of every other, where a workspace of a URL is worked on."""
    base = Path(os.environ.get("UADRAY_SCRATCH") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser())
    return base / "uadray" / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]

"""Where a workspace is: a folder that every process sees, or below a URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ray.data

from uadray.cluster.nodes import Node
from uadray.cluster.reach import require_everywhere
from uadray.data.batches import dataset
from uadray.data.store import Store
from uadray.data.subject import Group, Split
from uadray.files import write_text
from uadray.remote.mirror import Here, Mirror
from uadray.remote.objects import cache, is_url, opened, writable
from uadray.study.workspace.bucket import Bucket


class Workspace(Protocol):
    """A workspace."""

    @property
    def folder(self) -> Path:
        """Where it is worked on."""

    @property
    def mirror(self) -> Mirror:
        """Where else it is."""

    @contextmanager
    def study(self, name: str) -> Iterator[None]:
        """Inside, no process of another machine has the study, and what is known of it is in the folder."""

    def keep(self, study: str) -> None:
        """What the study has now, but for its trials, outlives this machine when this returns."""

    def keep_slices(self, store: Store) -> None:
        """The store outlives this machine when this returns."""

    def slices(self, store: Store, split: Split, group: Group) -> ray.data.Dataset:
        """Slices for the trials of all nodes."""

    def named(self, folder: Path) -> str:
        """What a person calls one of its folders."""

    def nodes(self) -> list[Node]:
        """The nodes of the cluster, all of which have the workspace; else it raises."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine, or one that all machines share."""

    folder: Path
    mirror: Here = Here()

    @contextmanager
    def study(self, name: str) -> Iterator[None]:
        """Nothing but the folder: its lock is the study's."""
        yield

    def keep(self, study: str) -> None:
        """Nothing: it is where it stays."""

    def keep_slices(self, store: Store) -> None:
        """Nothing, likewise."""

    def slices(self, store: Store, split: Split, group: Group) -> ray.data.Dataset:
        """Read by the nodes, which have the files."""
        return dataset(store, split, group)

    def named(self, folder: Path) -> str:
        """Its path."""
        return str(folder)

    def nodes(self) -> list[Node]:
        """Raises ConfigError (UAD-443) for a node that has not got the folder."""
        return require_everywhere(self.folder)


def workspace_at(workspace: str) -> Workspace:
    """The workspace in a folder or below a URL; raises ConfigError as `opened` does."""
    if not is_url(workspace):
        return Folder(Path(workspace))
    objects, folder = writable(opened(workspace)), cache(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "of.txt", f"{objects.url}\n")
    return Bucket(objects, folder.resolve())

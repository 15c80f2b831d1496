"""A workspace below a URL, worked on in a cache of each machine."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import ray.data

from uadray.cluster.access import require_access
from uadray.cluster.nodes import Node
from uadray.data.batches import handed_out
from uadray.data.store import Store
from uadray.data.subject import Group, Split
from uadray.errors import UadError
from uadray.layout import PLAN, STORES, study_id_at
from uadray.remote.lease import LEASE, leased, lost_to
from uadray.remote.mirror import There
from uadray.remote.objects import Objects
from uadray.remote.session import SESSION, begin, had_last, superseded
from uadray.study.screen.board import LIVE

DATABASE = "optuna.db"


@dataclass(frozen=True)
class Bucket:
    """Below a URL: what is there is the truth, and the folder a cache of it."""

    objects: Objects
    folder: Path

    @property
    def mirror(self) -> There:
        """The URL."""
        return There(self.objects, str(self.folder))

    @contextmanager
    def study(self, name: str) -> Iterator[None]:
        """Raises ConfigError (UAD-302) where another process has the study, Lost (UAD-302) when another took it."""
        folder = self.folder / "studies" / name
        with leased(self.objects, f"studies/{name}/{LEASE}", lambda: self._keep_board(folder)):
            there = json.loads(self.objects.read(f"studies/{name}/{PLAN}") or b"{}")
            if there.get("id") != study_id_at(folder / PLAN):
                shutil.rmtree(folder, ignore_errors=True)  # of a study that is no more
            self._bring(folder)
            if "store" in there:
                self.mirror.bring(self.folder / STORES / there["store"])
            begin(self.objects, f"studies/{name}", folder)
            try:
                yield
            finally:
                with suppress(UadError):  # what went wrong with the store was raised before
                    self.keep(name)

    def keep(self, study: str) -> None:
        """The database by its own way of copying itself; of the other files what the study is comes last.

        That is sent only when it is new: trials that begin at the same time read it.
        Raises Lost (UAD-302) where another process has had the study since this one began.
        """
        folder = self.folder / "studies" / study
        if superseded(self.objects, f"studies/{study}", folder):
            raise lost_to(self.objects, f"studies/{study}/{LEASE}")
        if (folder / DATABASE).is_file():
            copy = folder / f".{DATABASE}"
            with closing(sqlite3.connect(folder / DATABASE)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
            self.objects.write(f"studies/{study}/{DATABASE}", copy.read_bytes())
        files = {path.name: path for path in folder.glob("[!.]*") if path.is_file()}
        own = [name for name in sorted(files) if name != PLAN and not name.startswith((LEASE, SESSION, DATABASE))]
        self.mirror.send_files(files[name] for name in own)
        for name in self.objects.children(f"studies/{study}"):
            if name.rpartition("/")[2] not in (*files, LEASE, SESSION):  # a selection that a larger budget set aside
                self.objects.remove(name)
        plan = files.get(PLAN)
        if plan is not None and plan.read_bytes() != self.mirror.content(plan):
            self.mirror.send_files([plan])

    def keep_slices(self, store: Store) -> None:
        """Its files as they are named by its key, the manifest after them."""
        self.mirror.send(store.path.resolve())

    def slices(self, store: Store, split: Split, group: Group) -> ray.data.Dataset:
        """Read here, checked, and handed to the nodes, which need not read the store."""
        return handed_out(store, split, group)

    def named(self, folder: Path) -> str:
        """Its URL, and how it comes home."""
        return f"{self.objects.url}/{folder.relative_to(self.folder)} (python -m uadray.fetch brings them home)"

    def nodes(self) -> list[Node]:
        """Raises ConfigError (UAD-449) for a node that cannot use the object store."""
        return require_access(self.objects, self.folder)

    def _bring(self, folder: Path) -> None:
        """Have what the study is now.

        Of a cache that had it last the tables, the database and the log are newer than those at the URL, since a kill
        lets no process send them. Of any other they are older, and only its trials count.
        """
        self._send_unsent(folder)
        if had_last(self.objects, f"studies/{folder.name}", folder):
            self.mirror.bring(folder / "trials")
            return
        for path in folder.glob("[!.]*"):
            if path.is_file():
                path.unlink()
        self.mirror.bring(folder)
        for name in (LEASE, SESSION):
            (folder / name).unlink(missing_ok=True)

    def _send_unsent(self, folder: Path) -> None:
        """Send the trials that a kill let end here and nowhere else."""
        there = self.objects.sizes(f"studies/{folder.name}/trials")
        for record in sorted(folder.glob("trials/*/trial.json")):
            if not there.get(record.relative_to(self.folder).as_posix()):  # none, or one that the kill cut short
                self.mirror.send(record.parent)

    def _keep_board(self, folder: Path) -> None:
        if (folder / LIVE).is_file():
            self.mirror.send_files([folder / LIVE])

"""A study from its plan to its end: slices, search, choice, test, comparison. What computes is imported here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.markdown import Markdown

from uadray.console import OUT
from uadray.data.few import FewSubjects
from uadray.data.mapping import OverNodes
from uadray.data.preparation import seen
from uadray.data.store import Store
from uadray.data.study_needs import has_lesions, require_lesions, require_parts
from uadray.data.subject import Part
from uadray.files import write_json
from uadray.interrupts import heeded
from uadray.layout import IMPORTANCE, STUDIES
from uadray.preparing import prepared
from uadray.study.design.labels import labels_for
from uadray.study.design.plan import StudyConfig
from uadray.study.ledger import Ledger, Record
from uadray.study.machine import Machine, machine_at
from uadray.study.quiet import log_to
from uadray.study.result.best import write_best
from uadray.study.result.comparison import write_comparison
from uadray.study.result.importance import importances
from uadray.study.result.selection import ending_of, sealed_trial, select
from uadray.study.result.summary import summary, untested
from uadray.study.result.verdict import Verdict, judge
from uadray.study.screen.progress import Progress
from uadray.study.search.searcher import SettledSearch
from uadray.study.search.tuning import run_trials
from uadray.study.workspace.folder import Agree, as_it_began, held
from uadray.study.workspace.workspace import Workspace, workspace_at
from uadray.tracking.environment import write_environment
from uadray.tracking.server import Server, tracking_uri
from uadray.tracking.tracker import Tracker


@dataclass(frozen=True)
class Study:
    """A study that this process holds."""

    plan: StudyConfig
    workspace: Workspace
    store: Store
    ledger: Ledger
    progress: Progress
    tracker: Tracker
    machine: Machine

    def search(self) -> Record:
        """The selected trial; what is on disk is not computed again."""
        searcher = SettledSearch(self.plan, self.ledger, self.ledger.folder / "optuna.db")
        for record in self.ledger.records():
            self.progress.known(record)
            self.tracker.trial(record.index)

        def finished(record: Record) -> None:
            self.workspace.keep(self.plan.study)
            self.progress.finished(record)
            self.tracker.trial(record.index)

        known = sealed_trial(self.ledger) is not None
        if not known and not searcher.complete:
            self.machine.start(self.plan)
            trainings, seen_s = self.workspace.folder / "trainings", self.machine.seen_s
            slices = self.workspace.slices
            run_trials(self.plan, self.store, trainings, searcher, self.progress, finished, seen_s, slices)
        if not known:
            searcher.settle_all()
        best = select(self.plan, self.ledger, self.store, searcher.ending)
        importance = self.ledger.folder / IMPORTANCE  # the last that is written
        if not known or not importance.is_file():
            write_best(self.plan, best, self.ledger.folder / "best.yaml")
            write_json(importance, importances(self.ledger.records(), self.plan.winner[0]))
        self.workspace.keep(self.plan.study)
        return best

    def conclude(self, best: Record) -> Verdict | None:
        """The selected trial's test, and the comparison of all that was tested; None without labelled test patients."""
        verdict = None
        if has_lesions(self.store, "test"):
            verdict = judge(self.plan, self.ledger, self.store, best, self.progress.tested)
            write_comparison(verdict, self.ledger)
            self.workspace.keep(self.plan.study)
        self.tracker.ending()
        return verdict

    def places(self) -> dict[str, str]:
        """Where a person finds what the study left."""
        return {"Files": self.workspace.named(self.ledger.folder), "MLflow": self.tracker.place()}


@contextmanager
def opened(
    plan: StudyConfig, workspace: Path | str, agree: Agree = as_it_began, address: str | None = None
) -> Iterator[Study]:
    """The study in its folder below the workspace, its slices prepared; no other process has it meanwhile.

    The workspace is a folder or a URL. `agree` says how far a plan may differ from the one that the folder was begun
    with, `address` which Ray cluster the trials run on; None for a Ray of the study's own.
    """
    where = workspace_at(str(workspace))
    machine = machine_at(address, where.nodes)
    if said := machine.check(plan):
        OUT.print(said, highlight=False, soft_wrap=True)
    with heeded(), where.study(plan.study):
        needing = labels_for(plan)
        store = _prepared(plan, where.folder, partial(require_parts, labels_for=needing), address)
        require_lesions(store, needing)
        where.keep_slices(store)
        folder = where.folder / STUDIES / plan.study
        with held(folder, plan, store.key, agree, where.mirror) as ledger, Progress(plan, folder, OUT) as progress:
            log_to(ledger.folder / "log.txt")
            write_environment(ledger.folder)
            where.keep(plan.study)
            with Tracker(ledger.folder, Server(tracking_uri(where.folder), where.folder)) as tracker:
                yield Study(plan, where, store, ledger, progress, tracker, machine)


def _prepared(plan: StudyConfig, folder: Path, require: Callable[[Iterable[Part]], None], address: str | None) -> Store:
    """The study's store, made over the nodes of the cluster that this process is connected to, if there is one."""
    if address is None:
        return prepared(plan.cohort, plan.prepare, folder, require=require)
    nodes = OverNodes(partial(seen, config=plan.prepare))
    store = prepared(plan.cohort, plan.prepare, folder, nodes, require)
    if nodes.here or nodes.there:
        there, here = len(nodes.there - nodes.here), len(nodes.here)
        OUT.print(f"scans: {there} prepared by the cluster's cores, {here} by this process", highlight=False)
    return store


def conduct(plan: StudyConfig, workspace: Path | str, agree: Agree = as_it_began, address: str | None = None) -> None:
    """Search, choose by the validation patients, test once, and say what came of it."""
    with opened(plan, workspace, agree, address) as study:
        best = study.search()
        verdict = study.conclude(best)
    OUT.print(f"The search ended: {ending_of(study.ledger)}.", highlight=False)
    OUT.print(summary(plan, verdict, study.places()) if verdict else untested(plan, best, study.places()))
    if isinstance(plan.cohort, FewSubjects):
        OUT.print("Few subjects: these numbers say that everything works, and nothing else.", highlight=False)
    compared = study.ledger.folder / "comparison.md"
    if compared.is_file():
        OUT.print(Markdown(compared.read_text(encoding="utf-8")))

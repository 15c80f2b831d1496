"""A study's folder is the truth; this brings MLflow to what is there, as far as it is not yet.

One experiment a study, one parent run, one child run a trial. Every step can be cut off and made again.
"""

from __future__ import annotations

import json
import logging
import traceback
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

from mlflow.entities import Run

from uadray.data.manifest import MANIFEST
from uadray.errors import UadError
from uadray.files import alone
from uadray.layout import FINDINGS, PLAN, SELECTION, VERDICT
from uadray.study.ledger import Ledger
from uadray.study.result.selection import sealed_trial
from uadray.study.result.verdict import Verdict, read_verdict
from uadray.tracking.anonymous import Anonymous, without_places
from uadray.tracking.content import (
    digest,
    headlines,
    modified,
    of_baseline,
    of_contender,
    of_trial,
    steady,
)
from uadray.tracking.environment import read_environment
from uadray.tracking.models import best, model_file, register
from uadray.tracking.runs import Runs
from uadray.tracking.server import LOCK, Server

LOG = logging.getLogger(__name__)
PAGES = ("comparison.md", "ranks.png", "test_panels.png")


class Mirror:
    """One study in MLflow; what goes wrong with a server is raised as MLflow, or what it is made of, raises it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.ledger = Ledger(folder.resolve())
        self.server = server
        self.plan = self.ledger.plan
        self.note = ""

    @property
    def experiment(self) -> str:
        """The name of the study's experiment."""
        return f"uadray/{self.plan['study']}"

    def trial(self, index: int) -> None:
        """Bring the run of one finished trial up to date."""
        record = self.ledger.record(index)
        if record is None:
            return
        with self._turn():
            content = of_trial(record, self.ledger, self.plan.get("repeats", 1), self._anonymous)
            self.runs.put(content, self._parent_id, self._environment)

    def ending(self) -> None:
        """Bring everything up to date that is known once a trial is selected: the choice, the test, the comparison."""
        if sealed_trial(self.ledger) is None:
            return
        with self._turn():
            self._mark()
            if (verdict := read_verdict(self.ledger)) is not None:
                self._tested(verdict)
            self._close()

    def models(self) -> None:
        """Bring the registry up to date, which not every server has: where it refuses, `note` says so."""
        if sealed_trial(self.ledger) is None:
            return
        with self._turn():
            try:
                register(self.server.client, self.runs, self.ledger, self.plan)
            except UadError as error:
                LOG.warning("no model file for the registry: %s", error)
                self.note = f", without its models, which cannot be written: {error}"
            except Exception as error:  # whatever it is that a server without a registry answers
                if not self.server.answers():
                    raise
                LOG.warning("the registry of %s took no model: %s", self.server, self.server.blame(error))
                self.note = ", without its models, which the registry did not take"

    def model_files(self) -> None:
        """Write the files of the best models, so that the registry need not wait for them; what fails is logged."""
        if sealed_trial(self.ledger) is None:
            return
        for record in best(self.ledger).values():
            try:
                model_file(self.ledger, record)
            except Exception:  # `models` says what it is
                LOG.warning(traceback.format_exc())

    def everything(self) -> int:
        """Bring all of it up to date; returns the number of finished trials."""
        trials = [record.index for record in self.ledger.records()]
        for index in trials:
            self.trial(index)
        self.ending()
        self.models()
        return len(trials)

    @cached_property
    def runs(self) -> Runs:
        """Of the study."""
        metric, mode = next(iter(self.plan["objectives"].items()))
        experiment_id = self.server.experiment(self.plan["study"], metric, mode)
        return Runs(self.server, experiment_id, self.plan["id"], self.plan["store"])

    def _turn(self) -> AbstractContextManager[None]:
        """No other process brings this study up to date meanwhile: two would make every run twice."""
        return alone(self.ledger.folder / LOCK)

    @cached_property
    def _environment(self) -> dict[str, str]:
        return read_environment(self.ledger.folder)

    @cached_property
    def _anonymous(self) -> Anonymous:
        """For the subjects of the study's slices; once they are removed, for those whose ids look like ids."""
        path = self.ledger.store_path / MANIFEST
        return Anonymous(json.loads(path.read_text())["subjects"] if path.is_file() else ())

    @cached_property
    def _parent_id(self) -> str:
        return str(self._parent().info.run_id)

    def _parent(self) -> Run:
        """The study's own run; RUNNING while nothing is selected."""
        client, run = self.server.client, self.runs.find("study")
        if run is None:
            began = modified(self.ledger.folder / PLAN)
            run = self.runs.begin("study", self.plan["study"], began, self._environment)
        if run.info.status != "RUNNING" and sealed_trial(self.ledger) is None:
            client.update_run(run.info.run_id, status="RUNNING")  # its budget has grown
        if "uadray.began" not in run.data.tags:
            self.runs.log_inputs(run)
            shown = {name: value for name, value in self.plan.items() if name != "id"}
            shown = without_places({**shown, "cohort": self.plan["cohort"]["kind"]})
            self.runs.log_tables(run, {PLAN: shown})
            self.runs.tag(run, {"uadray.began": "true"})
        return run

    def _mark(self) -> None:
        """Tag the runs of selected, infeasible and non-dominated trials, and no others."""
        selection = self.ledger.finding(SELECTION)
        chosen = {
            "selected": [selection["trial"]],
            "infeasible": selection.get("infeasible", []),
            "pareto": selection.get("pareto", []),
        }
        for tag, trials in chosen.items():
            keys = {f"trial {index}" for index in trials}
            tagged = {run.data.tags["uadray.key"]: run for run in self.runs.tagged(tag)}
            for key in sorted(tagged.keys() - keys):
                self.server.client.delete_tag(tagged[key].info.run_id, f"uadray.{tag}")
            for key in sorted(keys - tagged.keys()):
                if (run := self.runs.find(key)) is not None:
                    self.runs.tag(run, {f"uadray.{tag}": "true"})

    def _tested(self, verdict: Verdict) -> None:
        """The test of every trial that was tested, and the baseline's run."""
        at = modified(self.ledger.folder / VERDICT)
        self.runs.put(of_baseline(verdict.baseline, at), self._parent_id, self._environment)
        cards = {verdict.trial: verdict.winner.test, **verdict.others}
        for index, card in sorted(cards.items()):
            own = digest(json.dumps(card.plain()))
            run = self.runs.find(f"trial {index}")
            if run is None or run.data.tags.get("uadray.tested") == own:
                continue
            scores = of_contender(verdict.winner) if index == verdict.trial else headlines("test", card)
            self.runs.log_points(run, steady(scores, at))
            self.runs.log_tables(run, {"tables/test_patients.parquet": card})
            self.runs.tag(run, {"uadray.tested": own})

    def _close(self) -> None:
        """What the study left, on the parent run, which ends."""
        folder, run = self.ledger.folder, self._parent()
        files = [folder / name for name in (*FINDINGS, *PAGES) if (folder / name).is_file()]
        left = digest("".join(f"{path.name} {digest(path.read_bytes().hex())}" for path in files))
        if run.info.status != "RUNNING" and run.data.tags.get("uadray.ending") == left:
            return
        at = max(map(modified, files))
        if (verdict := read_verdict(self.ledger)) is not None:
            baseline = {key.replace("test/", "test/intensity/"): v for key, v in of_contender(verdict.baseline).items()}
            self.runs.log_points(run, steady({**of_contender(verdict.winner), **baseline}, at))
        findings = [path for path in files if path.name in FINDINGS]
        tables = {path.name: self._anonymous.tree(json.loads(path.read_text())) for path in findings}
        self.runs.log_tables(run, tables)
        for path in files:
            if path.name in PAGES:
                self.server.client.log_artifact(run.info.run_id, str(path))
        self.runs.tag(run, {"uadray.ending": left})
        self.server.client.set_terminated(run.info.run_id, "FINISHED", at)

"""MLflow as the place to compare runs: one experiment a study, one parent run, one child run a trial, always.

Only the process that runs the study logs, and only what is finished and on disk: the study's folder is the truth,
MLflow its mirror. Every run has the same flat parameters, so the UI's parallel coordinates draw every run.
"""

from __future__ import annotations

import fcntl
import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # the default blocks 246 s a call without a server
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.tracking import MlflowClient

from uadray import __version__
from uadray.scoring.scorecard import Scorecard
from uadray.study.ledger import Record
from uadray.study.plan import StudyConfig
from uadray.study.verdict import Verdict

STATUS = {"completed": "FINISHED", "stopped": "KILLED", "diverged": "FAILED", "failed": "FAILED"}
BATCH = 900  # metrics a call; MLflow takes 1000


class Tracker:
    """Logs one study. Opening it prepares the database: processes that race on a new one destroy it."""

    def __init__(self, plan: StudyConfig, workspace: Path, store_key: str, study_id: str) -> None:
        self.uri = f"sqlite:///{workspace.resolve() / 'mlflow.db'}"
        self.experiment = f"uadray/{plan.study}"
        with (workspace / ".mlflow.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
            self._client = MlflowClient(tracking_uri=self.uri)
            self._experiment_id = self._prepared(plan, workspace.resolve() / "mlartifacts")
        self._store_key = store_key
        shown = {**plan.plain(), "cohort": plan.cohort.kind}  # not where the scans are
        self._study = study_id
        self._parent = self._run(plan.study, "study", {"uadray.version": __version__, **_environment()})
        if not self._done(self._parent):
            self._client.log_dict(self._parent, shown, "study.json")

    def log_trial(self, record: Record, folder: Path) -> None:
        """The child run of one finished trial: parameters, curves by epoch, headline metrics, pictures."""
        parameters = {**record.run.hyperparameters(), "trial": record.index}
        name = f"t{record.index:04d} {record.run.describe()}"
        run_id = self._run(name, f"trial {record.index}", self._child(record.status), record.seconds)
        if self._done(run_id):
            return
        curves = [(key, value, epoch) for epoch, row in enumerate(record.curve, start=1) for key, value in row.items()]
        headline = {"time/trial_s": record.seconds, "model/parameters": float(record.parameters)}
        headline |= {name: value for name, value in record.metrics.items() if name != "val/l1"}  # it is in the curve
        if record.val is not None:
            headline |= headlines("val", record.val)
        self._metrics(run_id, [*curves, *((key, value, 0) for key, value in headline.items())])
        self._parameters(run_id, {**parameters, "precision": record.precision or "none"})
        if record.reason:
            self._client.set_tag(run_id, "uadray.reason", record.reason[:1000])
        for picture in sorted(folder.glob("*.png")):
            self._client.log_artifact(run_id, str(picture), "figures")
        self._client.set_terminated(run_id, STATUS[record.status])

    def log_verdict(self, verdict: Verdict) -> None:
        """The test results, on the parent run and on the runs of the winner and of the intensity baseline."""
        if self._done(self._parent):
            return
        self._metrics(self._parent, _steady(headlines("test", verdict.winner.test)))
        self._metrics(self._parent, _steady(headlines("test/intensity", verdict.baseline.test)))
        winner = self._run("", f"trial {verdict.trial}", {})
        self._metrics(winner, _steady(headlines("test", verdict.winner.test)))
        self._client.set_tag(winner, "uadray.selected", "true")
        baseline = self._run("intensity baseline", "intensity", self._child("completed"))
        if not self._done(baseline):
            val = {} if verdict.baseline.val is None else headlines("val", verdict.baseline.val)
            scores = {**val, **headlines("test", verdict.baseline.test)}
            timing = {"val/seconds_per_slice": verdict.baseline.timing["model"], "time/trial_s": 0.0}
            self._metrics(baseline, _steady({**scores, **timing, "model/parameters": 0.0}))
            parameters = {**verdict.baseline.run.hyperparameters(), "trial": -1, "precision": "none"}
            self._parameters(baseline, parameters)
            self._client.set_terminated(baseline, "FINISHED")

    def log_ending(self, folder: Path) -> None:
        """What the study left, on the parent run, which ends."""
        if self._done(self._parent):
            return
        names = ("selection.json", "test.json", "test_panels.png", "comparison.md", "comparison.json", "ranks.png")
        for path in (folder / name for name in names if (folder / name).is_file()):
            self._client.log_artifact(self._parent, str(path))
        self._client.set_terminated(self._parent, "FINISHED")

    def _prepared(self, plan: StudyConfig, artifacts: Path) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is not None:
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)
        metric, mode = plan.winner
        tags = {
            "mlflow.experimentKind": "custom_model_development",  # the UI's page for trainings
            "mlflow.experiment.primaryMetric.name": metric,
            "mlflow.experiment.primaryMetric.greaterIsBetter": str(mode == "max"),
        }
        return str(self._client.create_experiment(self.experiment, (artifacts / plan.study).as_uri(), tags))

    def _run(self, name: str, key: str, tags: Mapping[str, str], seconds: float = 0.0) -> str:
        """This study's run with a key, begun some seconds ago where there is none: no trial is ever logged twice."""
        query = f"tags.`uadray.study` = '{self._study}' and tags.`uadray.key` = '{key}'"
        found = self._client.search_runs([self._experiment_id], query, max_results=1)
        if found:
            return str(found[0].info.run_id)
        tags = {**tags, "uadray.study": self._study, "uadray.key": key}
        began = int((time.time() - seconds) * 1000)
        run = self._client.create_run(self._experiment_id, start_time=began, tags=tags, run_name=name)
        data = Dataset(name="slices", digest=self._store_key, source_type="local", source="store")
        inputs = DatasetInput(data, [InputTag("mlflow.data.context", "training")])
        self._client.log_inputs(run.info.run_id, [inputs])
        return str(run.info.run_id)

    def _child(self, status: str) -> dict[str, str]:
        return {"mlflow.parentRunId": self._parent, "uadray.status": status}

    def _done(self, run_id: str) -> bool:
        return str(self._client.get_run(run_id).info.status) != "RUNNING"

    def _metrics(self, run_id: str, values: list[tuple[str, float, int]]) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(key, value, now, step) for key, value, step in values]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(run_id, metrics=metrics[start : start + BATCH])

    def _parameters(self, run_id: str, values: Mapping[str, float | str]) -> None:
        self._client.log_batch(run_id, params=[Param(key, str(value)) for key, value in values.items()])


def headlines(split: str, card: Scorecard) -> dict[str, float]:
    """A scorecard's numbers under the names they have in MLflow."""
    names = (
        *("auprc", "auroc", "prevalence", "dice_mean", "dice_std", "threshold", "upper_bound_dice_mean"),
        *("ceiling_dice_mean", "lesion_recall", "lesion_f1", "false_components_per_scan"),
    )
    return {f"{split}/{name}": getattr(card, name) for name in names}


def _steady(values: Mapping[str, float]) -> list[tuple[str, float, int]]:
    return [(key, value, 0) for key, value in values.items()]


def _environment() -> dict[str, str]:
    return {"env.python": platform.python_version(), "env.torch": version("torch"), "env.ray": version("ray")}

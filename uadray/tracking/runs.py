"""The runs of one study in MLflow: each is there once, however often it is logged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag

from uadray.tracking.content import Content, Point, write_table
from uadray.tracking.server import Server

BATCH = 900  # metrics a call; MLflow takes 1000
PARENT = "mlflow.parentRunId"


class Runs:
    """Finds a run by its key, a tag, before it makes one."""

    def __init__(self, server: Server, experiment_id: str, study_id: str, store_key: str) -> None:
        self.experiment_id = experiment_id
        self.study_id = study_id
        self._client = server.client
        self._store_key = store_key

    def find(self, key: str) -> Run | None:
        """The study's run with a key; None where there is none."""
        found = self._client.search_runs([self.experiment_id], self._where("key", key), max_results=1)
        return found[0] if found else None

    def tagged(self, tag: str) -> list[Run]:
        """The study's runs that have a tag `uadray.TAG`."""
        return list(self._client.search_runs([self.experiment_id], self._where(tag, "true"), max_results=10_000))

    def begin(self, key: str, name: str, began: int, tags: Mapping[str, str]) -> Run:
        """Make a run, which is RUNNING until it is ended; its tags are there at once, or it is not."""
        own = {**tags, "uadray.study": self.study_id, "uadray.key": key}
        return self._client.create_run(self.experiment_id, start_time=began, tags=own, run_name=name)

    def put(self, content: Content, parent_id: str, tags: Mapping[str, str]) -> Run:
        """The run of a content, logged as far as it is not yet; one that was made from something else is replaced."""
        run = self.find(content.key)
        if run is not None and run.data.tags.get("uadray.record") != content.digest:
            self._client.delete_run(run.info.run_id)
            run = None
        if run is None:
            own = {**tags, **content.tags, PARENT: parent_id, "uadray.record": content.digest}
            run = self.begin(content.key, content.name, content.began, own)
        elif run.info.status != "RUNNING":
            return run
        self.log_inputs(run)
        self._client.log_batch(run.info.run_id, params=[Param(*each) for each in content.params.items()])
        self.log_points(run, content.points)
        for picture in content.figures:
            self._client.log_artifact(run.info.run_id, str(picture), "figures")
        self.log_tables(run, content.tables)
        self._client.set_terminated(run.info.run_id, content.status, content.ended)
        return run

    def log_inputs(self, run: Run) -> None:
        """Name the slices by the key of their store, once."""
        data = Dataset(name="slices", digest=self._store_key, source_type="local", source="store")
        inputs = DatasetInput(data, [InputTag("mlflow.data.context", "training")])
        self._client.log_inputs(run.info.run_id, [inputs])

    def log_points(self, run: Run, points: Iterable[Point]) -> None:
        """Log those points of metrics that a run does not have."""
        points = list(points)
        known = {point.key for point in points} & run.data.metrics.keys()
        there = {
            (key, found.step, found.value)
            for key in known
            for found in self._client.get_metric_history(run.info.run_id, key)
        }
        missing = [p for p in points if (p.key, p.step, p.value) not in there]
        metrics = [Metric(p.key, p.value, p.time, p.step) for p in missing]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(run.info.run_id, metrics=metrics[start : start + BATCH])

    def log_tables(self, run: Run, tables: Mapping[str, object]) -> None:
        """Log tables as files of these names."""
        if not tables:
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, table in tables.items():
                write_table(Path(folder) / name, table)
            self._client.log_artifacts(run.info.run_id, folder)

    def tag(self, run: Run, tags: Mapping[str, str]) -> None:
        """Set those tags that a run does not have."""
        missing = [RunTag(*each) for each in tags.items() if run.data.tags.get(each[0]) != each[1]]
        if missing:
            self._client.log_batch(run.info.run_id, tags=missing)

    def _where(self, tag: str, value: str) -> str:
        return f"tags.`uadray.study` = '{self.study_id}' and tags.`uadray.{tag}` = '{value}'"

"""Where runs are logged: an MLflow server, or a database that MLflow keeps beside the studies."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")  # the default blocks 246 s a call without a server
os.environ.setdefault("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from mlflow.tracking import MlflowClient

from uadray.files import alone
from uadray.tracking.moved import bring_along

SQLITE = "sqlite:///"
FILES = "mlartifacts"  # beside the database
LOCK = ".mlflow.lock"


def tracking_uri(workspace: Path) -> str:
    """What MLFLOW_TRACKING_URI says; a SQLite file in the workspace where it says nothing."""
    return os.environ.get("MLFLOW_TRACKING_URI") or _beside(workspace)


class Server:
    """An MLflow server or database; nothing is asked of it before `client` is."""

    def __init__(self, uri: str, workspace: Path) -> None:
        self.uri = uri
        self._workspace = workspace.resolve()
        self._home = Path(uri.removeprefix(SQLITE)).parent.resolve() if self.here else self._workspace

    def __str__(self) -> str:
        return self.redacted(self.uri)

    def redacted(self, text: str) -> str:
        """A text without the name and the password that the URI may hold."""
        secret = urlsplit(self.uri).netloc.rpartition("@")[0]
        return text.replace(f"{secret}@", "") if secret else text

    def blame(self, error: BaseException) -> str:
        """What an error of MLflow comes from, in a line."""
        while (cause := error.__cause__ or error.__context__) is not None:
            error = cause
        return self.redacted(f"{type(error).__name__}: {error}".splitlines()[0])[:200]

    @property
    def ui(self) -> str:
        """How a person opens it."""
        if self.uri != _beside(self._workspace):
            return str(self)
        return "make ui" if self._workspace == Path("runs").resolve() else f"make ui WORKSPACE={self._workspace}"

    @property
    def here(self) -> bool:
        """Whether it is a file: what is slow then is the disk, and no network."""
        return self.uri.startswith(SQLITE)

    @property
    def over_http(self) -> bool:
        """Whether it is a server, which has pages and a place for files of its own."""
        return self.uri.startswith(("http://", "https://"))

    @cached_property
    def client(self) -> MlflowClient:
        """Made under a lock where it is a database: processes that prepare a new one together destroy it."""
        if self.over_http:
            return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        with alone(self._home / LOCK):
            if not self.here:
                return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            database = Path(self.uri.removeprefix(SQLITE))
            _made_whole(database)
            client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)  # which refuses a foreign one
            bring_along(database, self._home / FILES)
            return client

    def answers(self) -> bool:
        """Whether it can be asked at all."""
        try:
            self.client.search_experiments(max_results=1)
        except Exception:  # what can go wrong depends on the kind of server
            return False
        return True

    def experiment(self, study: str, metric: str, mode: str) -> str:
        """The id of a study's experiment, which is made where there is none, and restored where it was deleted."""
        found = self.client.get_experiment_by_name(f"uadray/{study}")
        if found is not None:
            if found.lifecycle_stage == "deleted":
                self.client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)
        tags = {
            "mlflow.experimentKind": "custom_model_development",  # the UI's page for trainings
            "mlflow.experiment.primaryMetric.name": metric,
            "mlflow.experiment.primaryMetric.greaterIsBetter": str(mode == "max"),
        }
        return str(self.client.create_experiment(f"uadray/{study}", self._artifacts(study), tags))

    def _artifacts(self, study: str) -> str | None:
        """Where the experiment's files lie; a server has a place of its own."""
        return None if self.over_http else (self._home / FILES / study).as_uri()


def _beside(workspace: Path) -> str:
    return f"{SQLITE}{workspace.resolve() / 'mlflow.db'}"


def _made_whole(path: Path) -> None:
    """Make a new database beside its place, then put it there: what a kill leaves half made cannot be opened again."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}-draft")
    for left in path.parent.glob(f"{draft.name}*"):
        left.unlink()
    MlflowClient(tracking_uri=f"{SQLITE}{draft}", registry_uri=f"{SQLITE}{draft}")
    if draft.is_file():
        draft.replace(path)

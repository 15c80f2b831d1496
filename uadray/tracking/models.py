"""The best models of a study in MLflow's registry: safetensors and JSON, loaded by `load`, never a pickle.

`uadray-STUDY` is the registered model; `champion` is the selected trial and `challenger` the next best configuration.

    model.json                                     what it is, its run, its threshold, its scores, its store's key
    checkpoints/epoch-NNNN/weights.safetensors     and checkpoint.json with their SHA-256
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from uadray import __version__
from uadray.config import RunConfig
from uadray.errors import Problem, StudyError
from uadray.files import write_json
from uadray.models.base import Model
from uadray.scoring import threshold
from uadray.scoring.scorecard import Scorecard
from uadray.scoring.threshold import Fitted
from uadray.study.ledger import Ledger, Record
from uadray.tracking.content import digest, headlines
from uadray.tracking.runs import Runs

MODEL = "model.json"
CHECKPOINTS = "checkpoints"


@dataclass(frozen=True)
class Restored:
    """A trial's model as it was validated."""

    model: Model
    run: RunConfig
    threshold: Fitted
    about: Mapping[str, Any]
    """All that model.json says."""


def load(folder: Path) -> Restored:
    """The model in a folder that was downloaded from the registry.

    Raises StudyError: UAD-333 for a folder that another version wrote, UAD-320 and UAD-321 for damaged weights.
    """
    from uadray.training.checkpoint import load_weights

    path = folder / MODEL
    try:
        about = json.loads(path.read_text())
        run, fitted, size = RunConfig.parse(about["run"]), threshold.parse(about["threshold"]), int(about["size"])
    except (OSError, TypeError, KeyError, ValueError) as error:
        must, do = "a model must be one that this version writes", "Use the version that made it."
        raise StudyError(Problem("UAD-333", str(path), must, f"{type(error).__name__}: {error}"[:200], do)) from error
    model = run.model.build(size)
    load_weights(model, folder / CHECKPOINTS)
    return Restored(model, run, fitted, about)


def best(ledger: Ledger) -> dict[str, Record]:
    """The trials behind the aliases of a study that selected one; no challenger where all differ in the seed alone."""
    ranking = json.loads((ledger.folder / "selection.json").read_text())
    records = [record for index in [ranking["trial"], *ranking["ranking"]] if (record := ledger.record(index))]
    champion = records[0]
    others = [record for record in records if _recipe(record) != _recipe(champion)]
    return {"champion": champion, **({"challenger": others[0]} if others else {})}


def register(client: MlflowClient, runs: Runs, ledger: Ledger, plan: Mapping[str, Any], size: int) -> None:
    """Bring the registered model of a study to its best trials; what is there is not uploaded again."""
    name = f"uadray-{plan['study']}"
    _ensure(client, name)
    for alias, record in best(ledger).items():
        version = _version(client, runs, ledger, plan, record, name, size)
        if client.get_registered_model(name).aliases.get(alias) != version:
            client.set_registered_model_alias(name, alias, version)


def write(folder: Path, ledger: Ledger, plan: Mapping[str, Any], record: Record, size: int) -> None:
    """Write a trial's model for the registry."""
    assert record.threshold is not None
    scores = {} if record.val is None else headlines("val", record.val)
    tested = _test_of(ledger, record.index)
    about = {
        "uadray": __version__,
        "study": plan["study"],
        "trial": record.index,
        "description": record.run.describe(),
        "run": record.run.plain(),
        "threshold": threshold.plain(record.threshold),
        "size": size,
        "store": plan["store"],
        "metrics": {**record.metrics, **scores, **({} if tested is None else headlines("test", tested))},
    }
    write_json(folder / MODEL, about)
    newest = _newest(ledger, record)
    shutil.copytree(newest, folder / CHECKPOINTS / newest.name)


def _ensure(client: MlflowClient, name: str) -> None:
    """Make the registered model where there is none."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name, description="Research use only; not a medical device.")


def _version(
    client: MlflowClient, runs: Runs, ledger: Ledger, plan: Mapping[str, Any], record: Record, name: str, size: int
) -> str:
    """The version of a trial's weights, which is made where there is none."""
    header = json.loads((_newest(ledger, record) / "checkpoint.json").read_text())
    own = digest(json.dumps([runs.study_id, record.index, header["sha256"]]))
    for version in client.search_model_versions(f"name='{name}'"):
        if version.tags.get("uadray.model") == own:
            return str(version.version)
    run = runs.find(f"trial {record.index}")
    run_id = None if run is None else run.info.run_id
    tags = {
        "uadray.model": own,
        "uadray.study": runs.study_id,
        "uadray.trial": str(record.index),
        "uadray.store": plan["store"],
    }
    logged = _logged(client, runs, own, f"t{record.index:04d}", run_id, tags)
    if logged.status != "READY":
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), ledger, plan, record, size)
            client.log_model_artifacts(logged.model_id, folder)
        client.finalize_logged_model(logged.model_id, "READY")
    source = logged.artifact_location  # `models:/ID` would ask the process's default server, and make one
    made = client.create_model_version(
        name,
        source,
        run_id,
        tags,
        description=record.run.describe(),
        await_creation_for=0,
        model_id=logged.model_id,
    )
    return str(made.version)


def _logged(
    client: MlflowClient, runs: Runs, own: str, name: str, run_id: str | None, tags: Mapping[str, str]
) -> LoggedModel:
    """The logged model of these weights, perhaps without its files yet."""
    found = client.search_logged_models([runs.experiment_id], filter_string=f"tags.`uadray.model` = '{own}'")
    if found:
        return found[0]
    return client.create_logged_model(runs.experiment_id, name, run_id, dict(tags), model_type="anomaly segmentation")


def _test_of(ledger: Ledger, trial: int) -> Scorecard | None:
    path = ledger.folder / "test.json"
    if not path.is_file():
        return None
    tested = json.loads(path.read_text())
    card = tested["winner"]["test"] if tested["trial"] == trial else tested.get("others", {}).get(str(trial))
    return None if card is None else Scorecard.parse(card)


def _newest(ledger: Ledger, record: Record) -> Path:
    """The checkpoint that a trial ended with."""
    return max((ledger.trial(record.index) / CHECKPOINTS).glob("epoch-*"), key=lambda path: int(path.name[6:]))


def _recipe(record: Record) -> str:
    """A run without its seed."""
    plain = record.run.plain()
    plain["train"].pop("seed")
    return json.dumps(plain, sort_keys=True)

"""The best models of a study in MLflow's registry, each as a model file (uadray.bundle), without a pickle.

`uadray-STUDY` is the registered model; `champion` is the selected trial and `challenger` the next best configuration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mlflow.artifacts import list_artifacts
from mlflow.entities import LoggedModel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from uadray.bundle.bundle import Bundle
from uadray.bundle.reference import content_key, made
from uadray.data.store import Store
from uadray.layout import SELECTION
from uadray.study.ledger import Ledger, Record
from uadray.tracking.runs import Runs


def best(ledger: Ledger) -> dict[str, Record]:
    """The trials behind the aliases of a study that selected one; no challenger where all differ in the seed alone."""
    ranking = ledger.finding(SELECTION)
    records = [record for index in [ranking["trial"], *ranking["ranking"]] if (record := ledger.record(index))]
    champion = records[0]
    others = [record for record in records if _recipe(record) != _recipe(champion)]
    return {"champion": champion, **({"challenger": others[0]} if others else {})}


def model_file(ledger: Ledger, record: Record) -> Bundle:
    """The model file of a trial, written below the workspace if it is not there.

    Raises DataError (UAD-140 to UAD-144) without the slices, from which it says what is usual in healthy scans, and
    what `made` raises.
    """
    return made(ledger, Store.open(ledger.store_path), record)


def register(client: MlflowClient, runs: Runs, ledger: Ledger, plan: Mapping[str, Any]) -> None:
    """Bring the registered model of a study to its best trials; what is there is not uploaded again."""
    name = f"uadray-{plan['study']}"
    _ensure(client, name)
    for alias, record in best(ledger).items():
        version = _version(client, runs, ledger, plan, record, name)
        if client.get_registered_model(name).aliases.get(alias) != version:
            client.set_registered_model_alias(name, alias, version)


def _ensure(client: MlflowClient, name: str) -> None:
    """Make the registered model where there is none."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name, description="Research use only; not a medical device.")


def _version(
    client: MlflowClient, runs: Runs, ledger: Ledger, plan: Mapping[str, Any], record: Record, name: str
) -> str:
    """The version of a trial's model file, which is made where there is none whose files are still there."""
    own = f"{record.index}-{content_key(ledger, plan['store'], record)}"
    for version in client.search_model_versions(f"name='{name}'"):
        if version.tags.get("uadray.model") == own and _is_there(client, version.source):
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
        client.log_model_artifacts(logged.model_id, str(model_file(ledger, record).path))
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
    """The logged model of this model file, perhaps without its files yet."""
    for found in client.search_logged_models([runs.experiment_id], filter_string=f"tags.`uadray.model` = '{own}'"):
        if found.status != "READY" or _is_there(client, found.artifact_location):
            return found
    return client.create_logged_model(runs.experiment_id, name, run_id, dict(tags), model_type="anomaly segmentation")


def _is_there(client: MlflowClient, source: str | None) -> bool:
    """Whether there are files; of a workspace that was moved they are not where they were written to."""
    return source is not None and bool(list_artifacts(artifact_uri=source, tracking_uri=client.tracking_uri))


def _recipe(record: Record) -> str:
    """A run without its seed."""
    plain = record.run.plain()
    plain["train"].pop("seed")
    return json.dumps(plain, sort_keys=True)

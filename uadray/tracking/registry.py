"""Models of MLflow's registry as model files: downloaded once, checked as every model file is, never unpickled."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from uadray.bundle.bundle import MODEL, SUMS, Bundle
from uadray.errors import DataError, Problem, StudyError, UadError
from uadray.section import digest
from uadray.tracking.server import SQLITE, Server
from uadray.tracking.server import tracking_uri as usual

NAME = re.compile(r"models:/(?P<name>[^/:@'\"]+)(?:@(?P<alias>[^/:@]+)|/(?P<version>[1-9][0-9]*))")
FORMS = "models:/NAME@ALIAS or models:/NAME/VERSION"


def fetched(reference: str, workspace: Path, tracking_uri: str | None = None) -> Bundle:
    """The model that `models:/NAME@ALIAS` or `models:/NAME/VERSION` names, below `models/` of the workspace.

    The registry is that of `tracking_uri`, else the usual one of the workspace. Raises DataError: UAD-385 for a name
    that no model has, UAD-386 for an alias or a version that a model has not, UAD-388 for a version that is no model
    file, and what Bundle.open raises; StudyError (UAD-387) where the registry does not answer.
    """
    server = Server(tracking_uri or usual(workspace), workspace)
    asked = NAME.fullmatch(reference)
    if asked is None:
        do = "Name a model of the registry and an alias, as champion, or the number of a version."
        raise DataError(Problem("UAD-385", reference, f"a model of the registry must be {FORMS}", "neither", do))
    with _answering(server):
        model = _model(server.client, asked["name"], reference)
        version = _version(server.client, model, asked["alias"], asked["version"], reference)
        source = server.client.get_model_version_download_uri(model.name, version.version)
    folder = workspace / "models" / f"{model.name}-v{version.version}-{_key(server, version, source)}"
    with suppress(DataError):  # none yet, or a damaged one
        return Bundle.open(folder)
    with _answering(server):
        _require_model_file(source, server, reference)
    return _downloaded(source, server, folder)


@contextmanager
def _answering(server: Server) -> Iterator[None]:
    """Whatever a server that is away or refuses makes of a question is a StudyError (UAD-387)."""
    must, do = "MLflow's registry must answer", "Give its --tracking-uri, or see that it runs and lets you in."
    if server.here and not Path(server.uri.removeprefix(SQLITE)).is_file():  # to ask would make one
        raise StudyError(Problem("UAD-387", str(server), must, "no such file", do))
    try:
        yield
    except UadError:
        raise
    except Exception as error:  # of MLflow and of whatever it is made of
        raise StudyError(Problem("UAD-387", str(server), must, server.blame(error), do)) from error


def _model(client: MlflowClient, name: str, reference: str) -> RegisteredModel:
    with _absent_is_none():
        return client.get_registered_model(name)
    known = ", ".join(sorted(each.name for each in client.search_registered_models()))
    must, do = "the registry must have a model of this name", "Correct the name, or give another --tracking-uri."
    raise DataError(Problem("UAD-385", reference, must, f"none; it has {known or 'no model'}", do))


def _version(
    client: MlflowClient, model: RegisteredModel, alias: str | None, version: str | None, reference: str
) -> ModelVersion:
    number = model.aliases.get(alias) if version is None else version
    if number is not None:
        with _absent_is_none():
            return client.get_model_version(model.name, str(number))
    versions = sorted(int(each.version) for each in client.search_model_versions(f"name='{model.name}'"))
    aliases = ", ".join(f"@{each} (version {number})" for each, number in sorted(model.aliases.items()))
    got = f"none; it has {aliases or 'no alias'} and versions {', '.join(map(str, versions)) or 'of no number'}"
    must, do = f"{model.name} must have this {'alias' if version is None else 'version'}", "Choose one of these."
    raise DataError(Problem("UAD-386", reference, must, got, do))


@contextmanager
def _absent_is_none() -> Iterator[None]:
    """Goes on after a question for what is not there."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise


def _key(server: Server, version: ModelVersion, source: str) -> str:
    """Names a version among those of all servers, also of one that was deleted and made again."""
    return digest(str(server), version.name, str(version.version), version.creation_timestamp, source)


def _require_model_file(source: str, server: Server, reference: str) -> None:
    """Raise DataError (UAD-388) before anything of a foreign model is downloaded."""
    there = {Path(each.path).name for each in list_artifacts(artifact_uri=source, tracking_uri=server.uri)}
    if missing := sorted({MODEL, SUMS} - there):
        must, got = "a version must be a model file of uadray", f"no {' and no '.join(missing)}"
        do = "Of a study, `python -m uadray.mlflow_sync STUDY` logs one that is."
        if not there:  # its workspace was moved, or they were removed
            got = f"nothing: its files are not at {server.redacted(source)}"
            do = "Name the study instead, as STUDY:best; `python -m uadray.mlflow_sync STUDY` logs its models anew."
        raise DataError(Problem("UAD-388", reference, must, got, do))


def _downloaded(source: str, server: Server, folder: Path) -> Bundle:
    """The model file at its place, whole, or nothing; raises what Bundle.open raises."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
        with _answering(server):
            found = Path(download_artifacts(artifact_uri=source, dst_path=draft, tracking_uri=server.uri))
        Bundle.open(found)
        with suppress(DataError):  # another process was first, and may be using it
            return Bundle.open(folder)
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            found.rename(folder)
    return Bundle.open(folder)

"""Models by name, those of MLflow's registry among them: what commands and notebooks open a model with.

from uadray.opening import opened
bundle = opened("models:/uadray-latent@champion")
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from uadray.bundle import reference
from uadray.bundle.bundle import Bundle

REGISTRY = "models"  # what references to MLflow's registry begin with


def opened(name: str, workspace: Path = Path("runs"), tracking_uri: str | None = None) -> Bundle:
    """The model in a folder, of a study's trial, or in MLflow's registry: `models:/NAME@ALIAS`, `models:/NAME/VERSION`.

    A registry's model is downloaded into `models/` of the workspace, once. The registry is that of `tracking_uri`, else
    of MLFLOW_TRACKING_URI, else of the workspace's own database. Raises what `reference.opened` raises, DataError
    (UAD-385, UAD-386, UAD-388) and StudyError (UAD-387).
    """
    return reference.opened(name, workspace, {REGISTRY: partial(_from_registry, workspace, tracking_uri)})


def in_registry(name: str) -> bool:
    """Whether a name is that of a model in MLflow's registry."""
    return name.startswith(f"{REGISTRY}:/")


def _from_registry(workspace: Path, tracking_uri: str | None, name: str) -> Bundle:
    from uadray.tracking.registry import fetched  # MLflow takes seconds: only who asks a registry should wait

    return fetched(name, workspace, tracking_uri)

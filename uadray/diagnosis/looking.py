"""Every look that `uadray.doctor` takes, in the order in which a person mends things."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from uadray.diagnosis.cluster import cluster, required
from uadray.diagnosis.finding import Finding
from uadray.diagnosis.gpus import gpus
from uadray.diagnosis.installed import installed
from uadray.diagnosis.machine import machine
from uadray.diagnosis.secrecy import ports, telemetry, token
from uadray.diagnosis.tracking import tracking
from uadray.diagnosis.workspace import workspace
from uadray.remote.objects import cache, is_url, opened, writable
from uadray.study.quiet import SETTINGS, silence
from uadray.study.workspace.workspace import workspace_at
from uadray.tracking.server import tracking_uri


def look(
    where: str, address: str | None, uri: str | None, environment: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Findings as they are made: of this machine, of the workspace, and of a cluster where an address is given.

    `environment` is that of the person who asks: to import MLflow's part changes this process's own.
    """
    silence()
    os.environ |= SETTINGS
    yield from installed()
    yield from machine()
    yield from gpus()
    folder = cache(where) if is_url(where) else Path(where)
    if is_url(where):
        yield from required("object store", "can be read and written", lambda: writable(opened(where)))
    yield from workspace(folder)
    yield from tracking(uri or tracking_uri(folder), folder)
    yield token(environment, Path.home())
    yield ports()
    yield from telemetry(environment)
    if address is not None:
        yield from cluster(address, lambda: workspace_at(where))

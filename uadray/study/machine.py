"""The Ray that a study runs on: of this machine, quiet, behind a token; or a cluster that is there already.

Ray listens on all addresses of a machine, so the token is what guards it.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import ray
import ray.data
from ray.exceptions import RayError

import uadray
from uadray.cluster.nodes import Node
from uadray.cluster.reach import SEEN_S
from uadray.cluster.versions import require_alike
from uadray.errors import ConfigError, Problem, in_a_line
from uadray.study.design.plan import StudyConfig
from uadray.study.quiet import SETTINGS, silence
from uadray.study.token import own_token

KNOCK_S = 10.0
STORES = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "UADRAY_SCRATCH")  # keys are each node's own


class Machine(Protocol):
    """Where trials run."""

    @property
    def seen_s(self) -> float:
        """How long a finished trial's record may take until this process sees it."""

    def check(self, plan: StudyConfig) -> str:
        """Raise what can be known before slices are prepared; what is to be said of the machine, "" for nothing."""

    def start(self, plan: StudyConfig) -> None:
        """Have Ray ready for the study's trials; nothing where it is."""


class Own:
    """A Ray of this process, behind a token, sized for the study; it ends with the process."""

    @property
    def seen_s(self) -> float:
        """At once."""
        return 0.0

    def check(self, plan: StudyConfig) -> str:
        """Nothing: the machine is this one."""
        return ""

    def start(self, plan: StudyConfig) -> None:
        """Start Ray, sized for the study.

        Raises ConfigError (UAD-303) when the machine has fewer GPUs than one trial asks for: it would wait for ever.
        """
        if ray.is_initialized():
            return
        resources = plan.resources
        wanted = plan.budget.concurrent_trials * resources.cpus
        cores = max(os.cpu_count() or 1, wanted)
        own_token()
        _begin(plan, {}, address="local", num_cpus=cores, include_dashboard=False)
        gpus, there = resources.gpus_per_worker * resources.workers, ray.cluster_resources().get("GPU", 0)
        if gpus > there:
            must, do = f"a trial needs {gpus:g} GPUs", "Lower resources.gpus_per_worker; 0 trains on the CPU."
            raise ConfigError(Problem("UAD-303", "resources", must, f"{there:g} here", do))


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that runs already; this package reaches its nodes as it is here, everything else they have."""

    address: str  # auto or HOST:PORT
    nodes: Callable[[], list[Node]]
    """Those that live, if all of them have the workspace; else it raises."""

    @property
    def seen_s(self) -> float:
        """A shared file system may take its time."""
        return SEEN_S

    def check(self, plan: StudyConfig) -> str:
        """Connect, and see that every node can do its part.

        Raises ConfigError: UAD-442 where no cluster answers, UAD-443 or UAD-449 for nodes without the workspace,
        UAD-444 for nodes with other versions of what computes.
        """
        self.start(plan)
        nodes = self.nodes()
        require_alike(nodes)
        return _described(nodes, plan)

    def start(self, plan: StudyConfig) -> None:
        """Connect to the cluster; raises ConfigError (UAD-442) where none answers, or its token is not known here."""
        if ray.is_initialized():
            return
        try:
            _knock(self.address)
            _begin(plan, shipped(), address=self.address)
        except (OSError, RuntimeError, ValueError, RayError) as error:
            must, got = "a Ray cluster of this version must answer there", in_a_line(error)
            do = (
                "ray status on one of its nodes says whether it runs; RAY_AUTH_MODE and the token (~/.ray/auth_token, "
                "or RAY_AUTH_TOKEN) must be the cluster's; without --address a study has a Ray of its own."
            )
            raise ConfigError(Problem("UAD-442", f"--address {self.address}", must, got, do)) from error


def shipped() -> dict[str, Any]:
    """The runtime environment of a study's processes on a cluster: this package, and where its object store is."""
    where_stores_are = {name: os.environ[name] for name in STORES if name in os.environ}
    code = {"py_modules": [str(Path(uadray.__file__).parent)], "excludes": ["__pycache__"]}
    return {**code, "env_vars": {**SETTINGS, **where_stores_are}}


def machine_at(address: str | None, nodes: Callable[[], list[Node]]) -> Machine:
    """The cluster at an address, or a Ray of one's own where there is none; `nodes` as in Cluster."""
    return Own() if address is None else Cluster(address, nodes)


def _begin(plan: StudyConfig, environment: Mapping[str, Any], **where: Any) -> None:
    """ray.init, after which nothing of Ray reaches the screen; `environment` is that of every process of a trial."""
    threads = {"OMP_NUM_THREADS": str(plan.resources.cpus_per_worker), "GOMP_SPINCOUNT": "1000"}
    variables = {**SETTINGS, **environment.get("env_vars", {}), **threads}
    os.environ |= SETTINGS
    ray.init(
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={**environment, "env_vars": variables},
        **where,
    )
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # schedulers ask with SIGTERM
    silence()  # ray.init sets its loggers up anew
    ray._private.worker._worker_logs_enabled = False  # it says of each killed worker, in spite of log_to_driver
    ray.data.DataContext.get_current().enable_progress_bars = False


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: Ray would ask for minutes."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), KNOCK_S).close()


def _described(nodes: list[Node], plan: StudyConfig) -> str:
    """The cluster in a line, and whether a trial has to wait for a node that can take it."""
    there, resources = ray.cluster_resources(), plan.resources
    needed = {"CPU": float(resources.cpus_per_worker), "GPU": resources.gpus_per_worker}
    able = [node for node in ray.nodes() if all(node["Resources"].get(kind, 0) >= n for kind, n in needed.items())]
    said = f"cluster: {len(nodes)} nodes, {there.get('CPU', 0):g} cores, {there.get('GPU', 0):g} GPUs"
    wanted = " and ".join(f"{number:g} {kind}" for kind, number in needed.items() if number)
    if not able:
        return f"{said}; no node has {wanted} yet, and trials wait for one"
    for kind, number in needed.items():
        if there.get(kind, 0) < number * resources.workers:
            return f"{said}; a trial takes {number * resources.workers:g} {kind} in all, and waits until they are there"
    return said

"""The Ray that a study runs on: of this machine, quiet, on loopback."""

from __future__ import annotations

import math
import os
import signal

import ray
import ray.data

from uadray.errors import ConfigError, Problem
from uadray.study.plan import StudyConfig
from uadray.study.quiet import silence


def start_ray(plan: StudyConfig) -> None:
    """Start Ray, sized for the study; nothing where it is running already.

    Raises ConfigError (UAD-303) when the machine has fewer GPUs than one trial asks for: it would wait for ever.
    """
    if ray.is_initialized():
        return
    resources = plan.resources
    wanted = plan.budget.concurrent_trials * resources.cpus
    ray.init(
        address="local",
        num_cpus=max(os.cpu_count() or 1, math.ceil(wanted)),
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={"env_vars": {"OMP_NUM_THREADS": str(resources.cpus_per_worker), "GOMP_SPINCOUNT": "1000"}},
    )
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # schedulers ask with SIGTERM
    silence()  # ray.init sets its loggers up anew
    ray._private.worker._worker_logs_enabled = False  # it says of each killed worker, in spite of log_to_driver
    ray.data.DataContext.get_current().enable_progress_bars = False
    gpus, there = resources.gpus_per_worker * resources.workers, ray.cluster_resources().get("GPU", 0)
    if gpus > there:
        must, do = f"a trial needs {gpus:g} GPUs", "Lower resources.gpus_per_worker; 0 trains on the CPU."
        raise ConfigError(Problem("UAD-303", "resources", must, f"{there:g} here", do))

"""Processors and memory, as this process may use them: a container or a job may have less than the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from uadray.diagnosis.finding import Finding, ok, warning

GIB = 2**30
SLIM_MEMORY = 4 * GIB  # Ray, its object store and one trial at 64 x 64 take about 3 GiB
SLIM_SHARED = GIB  # Docker and Kubernetes give 64 MiB; then Ray's objects go to the disk


def machine(groups: Path = Path("/sys/fs/cgroup")) -> Iterator[Finding]:
    """CPUs, memory and shared memory; `groups` is where the limits of a container stand."""
    cpus = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    yield processors(len(cpus), _quota(groups / "cpu.max"))
    yield memory(_available(Path("/proc/meminfo")), _number(groups / "memory.max"))
    if Path("/dev/shm").is_dir():
        yield shared_memory(shutil.disk_usage("/dev/shm").total)


def processors(cpus: int, quota: float | None) -> Finding:
    """CPUs that are seen, and those that a container may use of them."""
    if quota is None or quota >= cpus:
        return ok("CPUs", str(cpus))
    say = f"{cpus} are seen, a container may use {quota:g}"
    return warning("CPUs", say, "Let budget.concurrent_trials times resources.cpus_per_worker stay below that.")


def memory(available: int | None, limit: int | None) -> Finding:
    """Bytes that are free, at most those of a container."""
    known = [size for size in (available, limit) if size is not None]
    if not known:
        return ok("memory", "not known on this system")
    say = f"{min(known) / GIB:.1f} GiB available"
    if min(known) < SLIM_MEMORY:
        return warning("memory", say, "Run one trial at a time, on small slices: budget.concurrent_trials=1.")
    return ok("memory", say)


def shared_memory(size: int) -> Finding:
    """Bytes of /dev/shm, where Ray keeps the slices that trials share."""
    say = f"{size / GIB:.2g} GiB"
    if size < SLIM_SHARED:
        return warning("shared memory", say, "Start the container with --shm-size=4g; Ray writes to the disk else.")
    return ok("shared memory", say)


def _quota(path: Path) -> float | None:
    """CPUs of a container; None where it is not limited."""
    try:
        quota, period = path.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _available(path: Path) -> int | None:
    try:
        lines = dict(line.split(":") for line in path.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        return None

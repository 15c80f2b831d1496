"""How much of the machine a trial may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from uadray.section import Section

if TYPE_CHECKING:
    import torch

WAITING = 2**30  # bytes of a process that waits, and of Ray Train's controller beside it


class ResourcesConfig(Section):
    """What one trial may use."""

    workers: int = Field(1, ge=1)
    """Processes that share one training; each takes its share of every batch."""

    gpus_per_worker: float = Field(0.0, ge=0)
    """GPUs of each worker; a fraction lets trials share one."""

    cpus_per_worker: int = Field(1, ge=1)
    """CPU cores, and torch threads, of each worker. More threads than cores cost a factor of 2.5-5."""

    @property
    def device(self) -> torch.device:
        """Where a model lives in a process of its own."""
        import torch

        return torch.device("cuda" if self.gpus_per_worker else "cpu")

    @property
    def device_here(self) -> torch.device:
        """The same in a process that belongs to no trial: the head of a cluster may have no GPU, nor a laptop."""
        import torch

        return self.device if torch.cuda.is_available() else torch.device("cpu")

    @property
    def cpus(self) -> int:
        """CPU cores of a trial, all its workers together."""
        return self.workers * self.cpus_per_worker

    @property
    def held_by_trial(self) -> dict[str, float]:
        """What the trial's own process holds: all of it, or its memory where it waits for a group of workers.

        A share of a core would keep the group from a cluster whose cores it needs all.
        """
        if self.workers > 1:
            return {"memory": WAITING}
        return {"CPU": self.cpus_per_worker, "GPU": self.gpus_per_worker}

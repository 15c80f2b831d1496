"""The device that a person names for a model to run on, tried before anything is opened or read."""

from __future__ import annotations

import torch

from uadray.errors import ConfigError, Problem


def require_device(name: str) -> None:
    """Raise ConfigError (UAD-390) for a device that PyTorch does not know or cannot compute on here."""
    try:
        torch.ones(1, device=torch.device(name)).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # a package without CUDA asserts
        must, do = "the device must be one that PyTorch computes on here", "Choose --device cpu."
        got = (str(error).strip() or repr(error)).splitlines()[0][:200]
        raise ConfigError(Problem("UAD-390", f"--device {name}", must, got, do)) from error

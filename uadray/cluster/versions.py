"""Whether every node computes with the same libraries: one that does not would give another table."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from uadray.cluster.nodes import Node, on_each
from uadray.errors import ConfigError, Problem

LIBRARIES = ("torch", "numpy", "scipy", "pyarrow", "safetensors", "pydantic")


def require_alike(nodes: Sequence[Node]) -> None:
    """Raise ConfigError (UAD-444), a problem for each node whose libraries are not those of this process."""
    own = installed()
    must, do = "a node must have the libraries of the one that runs the study", "Install the same, or use one image."
    wrong = {node: said for node, said in on_each(nodes, answer).items() if said != own}
    if wrong:
        raise ConfigError(
            Problem("UAD-444", f"node {node}", f"{must} ({own})", said, do) for node, said in wrong.items()
        )


def answer(name: str) -> str:
    """What a node says, whatever its name."""
    return installed()


def installed() -> str:
    """The versions of what computes, in a line; for which accelerator they were built does not count."""
    return ", ".join(f"{library} {_version(library)}" for library in LIBRARIES)


def _version(library: str) -> str:
    try:
        return version(library).partition("+")[0]
    except PackageNotFoundError:
        return "absent"

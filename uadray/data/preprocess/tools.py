"""Packages and programs that not every machine has, and how to say so."""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from uadray.errors import ConfigError, DataError, Problem


def package(module: str, do: str) -> Any:
    """The module; raises ConfigError (UAD-150) with what to `do` if it cannot be imported."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(Problem("UAD-150", module, "the package must be installed", str(error), do)) from error


def program(name: str, do: str) -> str:
    """The path of a program on PATH; raises ConfigError (UAD-151) with what to `do` if there is none."""
    path = shutil.which(name)
    if path is None:
        raise ConfigError(Problem("UAD-151", name, "the program must be on PATH", "no such program", do))
    return path


def run(command: list[str], folder: Path, timeout_s: float) -> None:
    """Run a program in a folder until it has ended, with its children.

    Raises DataError if it cannot start or ends with an error (UAD-152), and if it takes too long (UAD-153).
    """
    name = Path(command[0]).name
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # so that its children can be ended with it
        )
    except OSError as error:
        raise DataError(Problem("UAD-152", name, "the program must start", str(error), "Install it again.")) from error
    with process:
        try:
            _, complaint = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            must, do = f"the program must end within {timeout_s:g} s", "Set timeout_s higher or leave the scan out."
            raise DataError(Problem("UAD-153", name, must, "it was stopped", do)) from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        lines = complaint.strip().splitlines() or ["nothing on stderr"]
        must, got = "the program must succeed", f"exit status {process.returncode}, {lines[-1]}"
        raise DataError(Problem("UAD-152", name, must, got, "Check the scan or choose another tool."))

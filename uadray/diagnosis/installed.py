"""The versions of Python and of the packages that results depend on."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from uadray import __version__
from uadray.diagnosis.finding import Finding, ok, problem, warning

SHOWN = ("torch", "ray", "optuna", "mlflow")
INSTALL = "Install as in the README: pip install --constraint constraints.txt ."


def installed() -> Iterator[Finding]:
    """Python, uadray, and each package that is shown; then all that uadray requires and is not there as required."""
    yield ok("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield ok("uadray", __version__)
    for name in SHOWN:
        found = _version(name)
        yield ok(name, found) if found else problem(name, "not installed", INSTALL)
    yield _stripping()
    yield from _requirements()


def _stripping() -> Finding:
    """deepbet, which no requirement names: what its wheel asks for besides is not needed."""
    if found := _version("deepbet"):
        return ok("deepbet", found)
    say = "not installed; whole heads cannot be stripped by the default, which scans without a skull do not need"
    return warning("deepbet", say, "pip install --constraint constraints.txt --no-deps deepbet")


def _requirements() -> Iterator[Finding]:
    try:
        wanted = [Requirement(text) for text in requires("uadray") or []]
    except PackageNotFoundError:
        say = "uadray runs from its folder and is not installed; what it requires was not compared"
        yield warning("requirements", say, INSTALL)
        return
    wanted = [requirement for requirement in wanted if requirement.marker is None or requirement.marker.evaluate()]
    wrong = [line for requirement in wanted if (line := mismatch(requirement, _version(requirement.name)))]
    if wrong:
        yield problem("requirements", "; ".join(wrong), INSTALL)
    else:
        yield ok("requirements", f"all {len(wanted)} are met")


def mismatch(requirement: Requirement, found: str | None) -> str:
    """What is wrong with the version that was found; "" for nothing.

    >>> mismatch(Requirement("torch>=2.10,<3"), "2.9.1")
    'torch 2.9.1, must be <3,>=2.10'
    """
    if found is not None and requirement.specifier.contains(found, prereleases=True):
        return ""
    return f"{requirement.name} {found or 'missing'}, must be {requirement.specifier}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

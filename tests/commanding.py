"""The command line, in this process."""

import typer
from typer.testing import CliRunner

from uadray.__main__ import app


def command(function, *arguments):
    """A command as `python -m uadray.NAME` runs it."""
    own = typer.Typer()
    own.command()(function)
    return CliRunner().invoke(own, [*map(str, arguments)])


def uadray(*arguments):
    """What `uadray NAME` runs."""
    return CliRunner().invoke(app, [*map(str, arguments)])

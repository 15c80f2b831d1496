"""`uadray VERB`, or `python -m uadray VERB`: every entry point under one name."""

from __future__ import annotations

import typer

from uadray.prepare import prepare
from uadray.sweep import sweep

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.command()(prepare)
app.command()(sweep)

if __name__ == "__main__":
    app()

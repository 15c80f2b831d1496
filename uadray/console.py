"""How entry points end: help instead of tracebacks, exit codes that scripts can trust.

0 done, 1 it failed, 2 the input is wrong, 3 done for a part of the input, 130 interrupted (the same command goes on).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from typer.core import TyperCommand

from uadray.errors import Problem, StudyError, UadError

INCOMPLETE = 3
OUT = Console()
ERR = Console(stderr=True)


def run(command: Callable[..., None], how: type[TyperCommand] = TyperCommand) -> None:
    """Run one entry point as a program; `how` reads its arguments."""
    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    app.command(cls=how)(command)
    app()


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn errors that a person can mend into lines on stderr and an exit code."""
    try:
        yield
    except UadError as error:
        for problem in error.problems:
            ERR.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
        if len(error.problems) > 1:
            ERR.print(f"{len(error.problems)} problems; nothing was computed.", highlight=False)
        raise typer.Exit(1 if isinstance(error, StudyError) else 2) from None
    except OSError as error:
        do = "Check that it exists, is of the right kind, and may be written."
        problem = Problem("UAD-401", str(error.filename or "files"), "must be usable", error.strerror or str(error), do)
        ERR.print(str(problem), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        ERR.print("Interrupted. What is finished is kept; the same command goes on from here.")
        sys.stdout.flush()
        raise typer.Exit(130) from None

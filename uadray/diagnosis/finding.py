"""What a look at one thing gave, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from uadray.errors import in_a_line


class State(StrEnum):
    """How bad it is: a study runs with warnings; with a problem it would not, or others could reach it."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis."""

    about: str
    state: State
    said: str
    do: str = ""
    """What mends it; "" where there is nothing to mend."""

    def __str__(self) -> str:
        return f"{self.state:7} {self.about}: {self.said}{f'. {self.do}' if self.do else ''}"


def ok(about: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(about, State.OK, said)


def warning(about: str, said: str, do: str) -> Finding:
    """A study runs, but not as well or as safely as it could."""
    return Finding(about, State.WARNING, said, do)


def problem(about: str, said: str, do: str) -> Finding:
    """A study would not run, or could be reached by others."""
    return Finding(about, State.PROBLEM, said, do)


def whatever_is_refused(about: str, found: Iterable[Finding], do: str) -> Iterator[Finding]:
    """The findings; where the system refuses to let one look, a problem in the place of those that are left."""
    try:
        yield from found
    except OSError as error:
        yield problem(about, f"cannot be looked at: {error.strerror or in_a_line(error)}", do)


def counts(findings: Iterable[Finding]) -> str:
    """How many of each, the worst first.

    >>> counts([ok("a", ""), ok("b", ""), problem("c", "", "Mend it.")])
    '1 problem, 0 warnings, 2 ok'
    """
    states = [finding.state for finding in findings]
    numbers = {state: states.count(state) for state in State}
    plural = {state: "" if numbers[state] == 1 else "s" for state in State}
    problems, warnings = (f"{numbers[s]} {s}{plural[s]}" for s in (State.PROBLEM, State.WARNING))
    return f"{problems}, {warnings}, {numbers[State.OK]} ok"

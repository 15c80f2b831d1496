"""A diagnosis that can be shown to strangers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from uadray.diagnosis.finding import Finding
from uadray.tracking.anonymous import Anonymous

URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")
QUOTED = re.compile(r"(?<!\w)'[^']*'")  # Python quotes the names of files in its errors


def to_paste(findings: Iterable[Finding]) -> str:
    """A block of Markdown without the name of a user, a host, a bucket, a file or a folder, and without remedies.

    >>> from uadray.diagnosis.finding import problem
    >>> print(to_paste([problem("workspace", "/home/ann/runs cannot be written", "Mend it.")]))
    ```
    problem workspace: (path) cannot be written
    ```
    """
    known = Anonymous(())
    lines = (f"{finding.state:7} {finding.about}: {_hidden(finding.said, known)}" for finding in findings)
    return "\n".join(("```", *lines, "```"))


def _hidden(said: str, known: Anonymous) -> str:
    return QUOTED.sub("(name)", known.text(URL.sub("(url)", said)))

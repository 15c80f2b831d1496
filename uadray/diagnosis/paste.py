"""A diagnosis that can be shown to strangers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from uadray.diagnosis.finding import Finding
from uadray.tracking.anonymous import Anonymous

URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+")
NODE = re.compile(r"\bnode (?=\S*[.:\d])\S+( \([^)]*\))?")
PORT = re.compile(r"\[[0-9a-fA-F:]+\]:\d{2,5}\b|\b[a-zA-Z][\w.-]*:\d{2,5}\b")
IPV6 = re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
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
    said = NODE.sub("node (address)", URL.sub("(url)", said))
    return QUOTED.sub("(name)", known.text(IPV6.sub("(address)", PORT.sub("(address)", said))))

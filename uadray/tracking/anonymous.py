"""What leaves a study's folder: no subject's id, no path, no name of a person or a machine.

A subject is a pseudonym there, the same one in every run and study. It hides the id from a reader, not from one who
has a list of ids to try: keep MLflow where the scans may be, too.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterable
from typing import Any

from uadray.pseudonyms import pseudonym

METRICS = r"(?:train|val|test|model|time)/"
PATHS = re.compile(
    r"(?<![\w./:-])(?:file://)?(?:~|\.{1,2})?/[^\s'\"<>|,;:)\]]+"  # from the root, home or here
    rf"|(?<![\w./:-])(?!{METRICS})[\w.-]+(?:/[\w.-]+){{2,}}"  # or with two folders
)
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
SUBJECT = re.compile(r"\bsub-[A-Za-z0-9]+")


class Anonymous:
    """Takes what names a subject out of trees, and out of texts every path and this machine and its user as well."""

    def __init__(self, subjects: Iterable[str]) -> None:
        longest_first = sorted(set(subjects), key=lambda name: (-len(name), name))
        self._subjects = _words(longest_first) if longest_first else SUBJECT
        self._machine = _words({socket.gethostname(), *_user()})

    def text(self, text: str) -> str:
        """The text with pseudonyms for subjects and words in brackets for paths and names.

        >>> Anonymous(["case_7"]).text("case_7: a scan must be whole; got /data/case_7_FLAIR.nii.gz")
        'p-9fc73c40: a scan must be whole; got (path)'
        """
        text = PATHS.sub("(path)", text)
        for names in (self._subjects, SUBJECT):
            text = names.sub(lambda found: pseudonym(found[0]), text)
        return self._machine.sub("(name)", ADDRESS.sub("(address)", text))

    def tree(self, tree: Any) -> Any:
        """Plain values with pseudonyms where a value or a key is a subject."""
        if isinstance(tree, dict):
            return {self.tree(key): self.tree(value) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.tree(value) for value in tree]
        known = isinstance(tree, str) and (self._subjects.fullmatch(tree) or SUBJECT.fullmatch(tree))
        return pseudonym(tree) if known else tree


def without_places(tree: Any) -> Any:
    """A configuration's plain values without files and folders: a text with a slash that is not a metric's name."""
    if isinstance(tree, dict):
        return {key: without_places(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [without_places(value) for value in tree]
    placed = isinstance(tree, str) and ("/" in tree or "\\" in tree) and not re.match(METRICS, tree)
    return "(path)" if placed else tree


def _user() -> list[str]:
    """The user's name; none in a container whose user has no name."""
    try:
        return [getpass.getuser()]
    except (KeyError, OSError):
        return []


def _words(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names, where it is not a part of a longer word."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, names))})(?![A-Za-z0-9])")

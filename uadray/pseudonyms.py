"""Names under which patients leave this machine."""

from __future__ import annotations

import hashlib


def pseudonym(subject_id: str) -> str:
    """The same for a subject in every run, study and report.

    It hides an id from who reads along, not from who has a list of the ids: such a one can compute the same.

    >>> pseudonym("sub-01")
    'p-41c1ca2f'
    """
    return f"p-{hashlib.sha256(subject_id.encode()).hexdigest()[:8]}"

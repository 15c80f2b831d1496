"""Seconds for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(7320), duration(75), duration(3)
    ('2 h 02 min', '1 min 15 s', '3 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

"""A study in the background can be stopped, too: a shell without job control lets such processes ignore SIGINT."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeded() -> Iterator[None]:
    """Inside, SIGINT raises KeyboardInterrupt, also where it was ignored; in a thread nothing changes.

    A scheduler's SIGTERM and a lease that another process took reach a study as SIGINT.
    """
    former = signal.getsignal(signal.SIGINT)
    if former is not signal.SIG_IGN or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)

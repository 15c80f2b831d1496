"""Whoever stops a study is heard, wherever it was started."""

import signal

import pytest

from uadray.interrupts import heeded


@pytest.fixture(autouse=True)
def restored():
    former = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, former)


def test_an_interrupt_is_heard_where_a_shell_had_it_ignored_and_ignored_again_afterwards():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt), heeded():
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


def test_what_somebody_else_does_with_an_interrupt_stays(restored):
    heard = []
    signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    with heeded():
        signal.raise_signal(signal.SIGINT)
    assert heard == [1]

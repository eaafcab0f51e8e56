"""Ctrl-C while a worker starts: the worker never hears it, and who started it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cadran.lab.study import worker


@pytest.fixture
def _hears_interrupts() -> Iterator[None]:
    """As in a terminal: what a shell starts in the background ignores Ctrl-C, and all its children do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_hears_interrupts")
def test_an_interrupt_while_a_process_starts_is_heard_afterwards() -> None:
    started: list[str] = []

    def start() -> None:
        with worker._deaf_to_interrupts():
            os.kill(os.getpid(), signal.SIGINT)
            started.append("a process")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert started
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_process_that_started_so_is_ended_by_no_interrupt() -> None:
    with worker._deaf_to_interrupts():
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    process.send_signal(signal.SIGINT)  # of two that wait, the lower number is delivered first
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM

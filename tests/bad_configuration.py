"""What a service says of a configuration that it cannot use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import pytest


def refusal(
    main: Callable[[Sequence[str]], int],
    arguments: Sequence[str],
    env_prefix: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The one line on standard error before it ends with status 2; the environment sets nothing."""
    for name in os.environ:
        if name.startswith(env_prefix):
            monkeypatch.delenv(name)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line

"""Prometheus' own checks of configuration and rules, and the alerts' unit tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from exported import PROMETHEUS, RULES, RULES_TEST


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("check", "config"), PROMETHEUS / "prometheus.yml"),
        (("check", "rules"), RULES),
        (("test", "rules"), RULES_TEST),
    ],
)
def test_promtool_accepts(words: tuple[str, str], file: Path) -> None:
    done = subprocess.run(["promtool", *words, str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr

"""What this process and machine say of themselves, for whoever repeats a study."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import cadran

_PACKAGES = ("numpy", "numba", "torch")


def versions() -> dict[str, str]:
    """Of this package with its revision where it is known, of Python, and of what it computes with."""
    own = " ".join(filter(None, (cadran.__version__, _revision())))
    return {
        "cadran": own,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in _PACKAGES},
    }


def machine(device: str) -> dict[str, str]:
    """System, processor, cores; the GPU where ``device`` is ``cuda``."""
    facts = {"system": platform.system(), "processor": processor(), "cores": str(os.cpu_count())}
    if device == "cuda":
        import torch

        if torch.cuda.is_available():
            facts["gpu"] = torch.cuda.get_device_name()
    return facts


def span(seeds: Sequence[int]) -> str:
    """Seeds in a row, in words."""
    return f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])


def hours(seconds: float) -> str:
    """A time in the unit that fits it."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{seconds / 3600:.1f} h"


def _revision() -> str:
    """The revision of the source, where it is a checkout and git is there."""
    command = ["git", "-C", str(Path(cadran.__file__).parent), "describe", "--always", "--dirty"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"({said.stdout.strip()})"


def processor() -> str:
    """Its model; Linux keeps it in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())

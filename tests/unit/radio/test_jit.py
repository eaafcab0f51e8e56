"""The kernels' cache on disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cadran

SCRIPT = """
from cadran.radio.hashing import mix
from cadran.radio.jit import is_compiled
print(is_compiled(mix))
mix(1)
print(is_compiled(mix))
"""


# What numba finds out by on a read-only file system; a test that runs as root may write everywhere.
READ_ONLY = """
import tempfile
def refused(**_):
    raise PermissionError("read-only")
tempfile.TemporaryFile = refused
"""

IN_MEMORY = """
import numpy as np
print(mix(np.int32(7)) == mix(7))
"""


def compiled_before_and_after_a_call(script: str = SCRIPT, **environment: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.split()


def test_a_kernel_is_compiled_once_and_found_by_later_processes(tmp_path: Path) -> None:
    assert compiled_before_and_after_a_call(NUMBA_CACHE_DIR=str(tmp_path)) == ["False", "True"]
    assert compiled_before_and_after_a_call(NUMBA_CACHE_DIR=str(tmp_path)) == ["True", "True"]


def test_plain_python_needs_no_compiling(tmp_path: Path) -> None:
    plain = compiled_before_and_after_a_call(NUMBA_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="1")
    assert plain == ["True", "True"]


def test_machine_code_that_was_shipped_is_used_where_nothing_can_be_written(tmp_path: Path) -> None:
    package = tmp_path / "cadran"
    shutil.copytree(Path(cadran.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    place = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path / "home"), "NUMBA_CACHE_DIR": ""}
    assert compiled_before_and_after_a_call(**place) == ["False", "True"]
    shipped = sorted(package.rglob("*.nb?"))
    assert shipped
    read_only = READ_ONLY + SCRIPT + IN_MEMORY
    assert compiled_before_and_after_a_call(read_only, **place) == ["True", "True", "True"]
    assert sorted(package.rglob("*.nb?")) == shipped
    assert not (tmp_path / "home").exists()

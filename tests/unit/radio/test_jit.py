"""The kernels' cache on disk."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from cadran.radio.hashing import mix
from cadran.radio.jit import is_compiled
print(is_compiled(mix))
mix(1)
print(is_compiled(mix))
"""


def compiled_before_and_after_a_call(**environment: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
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

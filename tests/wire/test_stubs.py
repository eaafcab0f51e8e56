"""The committed stubs are what the sources generate."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "services" / "cadran" / "wire" / "gen"


def _tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*.py*") if "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_committed_stubs_equal_the_sources(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "proto" / "generate.py"), str(tmp_path / "gen")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert _tree(tmp_path / "gen") == _tree(COMMITTED)

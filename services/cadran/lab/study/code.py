"""What computes here, to compare machines by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import cadran

_PACKAGES = ("numpy", "numba", "torch")


@cache
def code_here() -> Mapping[str, str]:
    """Names to versions of what results depend on; this package's is a digest of its source files.

    Ray itself holds machines to one version of Python.
    """
    root = Path(cadran.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)}\n".encode() + content)
    return {
        "cadran": f"{cadran.__version__}+{digest.hexdigest()[:12]}",
        **{name: metadata.version(name) for name in _PACKAGES},
    }

"""How the kernels of this package are compiled.

Every kernel is plain scalar Python that numba compiles. With ``NUMBA_DISABLE_JIT=1`` the same source runs
uncompiled and gives the same bits; the tests hold the two together. For that no kernel uses fast-math (it
would allow fused multiply-add) nor calls ``log``/``exp`` (their last bit differs between libraries): tables
made on the host stand in for both.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache

F = TypeVar("F", bound=Callable[..., Any])


def _source_digest() -> str:
    """SHA-256 over the sources of this package and the packages in it."""
    folder = Path(__file__).parent
    digest = sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(str(source.relative_to(folder)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


_DIGEST = _source_digest()


class _PackageCache(FunctionCache):  # type: ignore[misc]
    """An on-disk cache that knows every source of the package.

    numba's own cache looks at the file of the compiled function only, so a kernel whose callee lives in
    another file would go on running the old callee after an edit, silently.
    """

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), _DIGEST)


def _compiled(function: F, parallel: bool) -> F:
    if numba.config.DISABLE_JIT:
        return function
    dispatcher = numba.njit(error_model="numpy", parallel=parallel)(function)
    dispatcher._cache = _PackageCache(function)
    return dispatcher  # type: ignore[no-any-return]


def kernel(function: F) -> F:
    """Compile ``function`` for one thread, cached on disk."""
    return _compiled(function, parallel=False)


def parallel_kernel(function: F) -> F:
    """Compile ``function`` with its ``prange`` loops spread over threads, cached on disk."""
    return _compiled(function, parallel=True)

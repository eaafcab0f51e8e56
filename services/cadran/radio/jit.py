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
from numba.core.caching import FunctionCache, IndexDataCacheFile

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
    """An on-disk cache whose files are named after every source of the package.

    numba's own cache looks at the file of the compiled function only, so a kernel whose callee lives in
    another file would go on running the old callee after an edit, silently; and an index that names a type
    which is gone could not even be read.
    """

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = IndexDataCacheFile(
            cache_path=self._cache_path,
            filename_base=f"{self._impl.filename_base}-{_DIGEST[:16]}",
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def filled(self) -> bool:
        """Whether anything has been stored."""
        return Path(self._cache_file._index_path).exists()


def _compiled(function: F, **options: Any) -> F:
    if numba.config.DISABLE_JIT:
        return function
    dispatcher = numba.njit(error_model="numpy", **options)(function)
    dispatcher._cache = _PackageCache(function)
    return dispatcher  # type: ignore[no-any-return]


def kernel(function: F) -> F:
    """Compile ``function``, cached on disk."""
    return _compiled(function)


def inlined_kernel(function: F) -> F:
    """Compile ``function`` as a part of each of its callers.

    For functions that take whole named tuples: a call would copy kilobytes of array descriptors.
    """
    return _compiled(function, inline="always")


def borrowing_kernel(function: F) -> F:
    """Compile ``function`` without reference counting of arrays; it may not allocate any.

    Each use of an array in a named tuple would else count up and down, which costs more than the arithmetic.
    """
    return _compiled(function, _nrt=False)


def entry_kernel(function: F) -> F:
    """Compile ``function`` for calls from several threads of the interpreter at once."""
    return _compiled(function, _nrt=False, nogil=True)


def is_compiled(function: Callable[..., Any]) -> bool:
    """Whether a kernel's machine code lies in the cache, or none is needed."""
    return bool(numba.config.DISABLE_JIT) or bool(function._cache.filled())  # type: ignore[attr-defined]

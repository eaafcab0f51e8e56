"""How the kernels of this package are compiled.

Every kernel is plain scalar Python that numba compiles. With ``NUMBA_DISABLE_JIT=1`` the same source runs
uncompiled and gives the same bits; the tests hold the two together. For that no kernel uses fast-math (it
would allow fused multiply-add) nor calls ``log``/``exp`` (their last bit differs between libraries): tables
made on the host stand in for both.
"""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)

F = TypeVar("F", bound=Callable[..., Any])


def _source_digest() -> str:
    """SHA-256 over the sources of this package and the packages in it."""
    folder = Path(__file__).parent
    digest = sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(str(source.relative_to(folder)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()


_DIGEST = _source_digest()


@cache
def _is_shipped() -> bool:
    """Whether kernels of these very sources are stored beside them."""
    return any(Path(__file__).parent.rglob(f"*-{_DIGEST[:16]}.nbi"))


class _ShippedCacheLocator(InTreeCacheLocator):  # type: ignore[misc]
    """Machine code beside the source, stored when that was installed where nothing can be written now.

    numba itself uses only what it could write to: on a read-only file system each start would compile anew.
    """

    def ensure_cache_path(self) -> None:
        """Raise `OSError`, which makes numba look elsewhere, unless there is something to read."""
        if not _is_shipped():
            raise FileNotFoundError(self.get_cache_path())


class _PackageCacheImpl(CompileResultCacheImpl):  # type: ignore[misc]
    """numba's own places, and one more that need not be writable."""

    _locator_classes = (
        UserProvidedCacheLocator,
        InTreeCacheLocator,
        _ShippedCacheLocator,
        UserWideCacheLocator,
    )


class _PackageCache(FunctionCache):  # type: ignore[misc]
    """An on-disk cache whose files are named after every source of the package.

    numba's own cache looks at the file of the compiled function only, so a kernel whose callee lives in
    another file would go on running the old callee after an edit, silently; and an index that names a type
    which is gone could not even be read.
    """

    _impl_class = _PackageCacheImpl

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = IndexDataCacheFile(
            cache_path=self._cache_path,
            filename_base=f"{self._impl.filename_base}-{_DIGEST[:16]}",
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def save_overload(self, sig: object, data: object) -> None:
        """Store a kernel, unless what is there was shipped: then it stays in memory."""
        if not isinstance(self._impl.locator, _ShippedCacheLocator):
            super().save_overload(sig, data)

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

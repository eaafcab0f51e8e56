"""Spreading environments over threads: the kernels hold no lock of the interpreter, and share nothing."""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numba

PIECES_PER_THREAD = 4
"""More pieces than threads: a thread that loses its core for a while then holds up less."""

_pools: dict[int, ThreadPoolExecutor] = {}
# The threads of a pool do not exist in a forked child.
os.register_at_fork(after_in_child=_pools.clear)


def spread(task: Callable[[int, int], None], count: int) -> None:
    """Call ``task(first, last)`` on pieces of range(``count``), on ``NUMBA_NUM_THREADS`` threads at once.

    By default that is the number of cores.
    """
    threads = numba.config.NUMBA_NUM_THREADS
    pieces = min(count, threads * PIECES_PER_THREAD) if threads > 1 else 1
    if pieces == 1:
        task(0, count)
        return
    bounds = [count * piece // pieces for piece in range(pieces + 1)]
    pool = _pools.get(threads)
    if pool is None:
        pool = _pools[threads] = ThreadPoolExecutor(threads, thread_name_prefix="radio")
    for future in [pool.submit(task, first, last) for first, last in itertools.pairwise(bounds)]:
        future.result()

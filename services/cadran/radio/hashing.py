"""Randomness as a counter hash: a number is a pure function of (seed, episode, frame, entity, stream).

There is no generator state, so results depend neither on the number of threads nor on how many environments
run side by side, and a cloned state sees the same future. The mixer is ``lowbias32`` (C. Wellons,
"Prospecting for hash functions", 2018), two rounds deep per key.

All values are 32-bit numbers in 64-bit (or Python) integers: a product wraps modulo 2^64 when compiled and
does not wrap at all in plain Python, and the mask to 32 bits makes both equal.
"""

from cadran.radio.jit import kernel

MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B9
"""2^32 / golden ratio: spreads consecutive counters over all bits before they are mixed."""

FADING = 1
LOAD_LEVEL = 2
LOAD_REDRAW = 3
PACKETS = 4
PACKET_OWNER = 5
CSI_SAMPLE = 6
TRACE_OFFSET = 7
INITIAL_LOAD = 8
BLOCK_ERROR = 9


@kernel
def mix(value: int) -> int:
    """lowbias32.

    A bijection of 32-bit numbers in which each input bit flips each output bit half of the time.
    """
    value ^= value >> 16
    value = (value * 0x7FEB352D) & MASK
    value ^= value >> 15
    value = (value * 0x846CA68B) & MASK
    return value ^ (value >> 16)


@kernel
def draw(key: int, counter: int) -> int:
    """The ``counter``-th 32-bit random number under ``key``, uniform in 0 .. 2^32 - 1."""
    # int(): an element of an array would wrap with a warning when uncompiled.
    return mix(int(key) ^ ((int(counter) * GOLDEN) & MASK))


@kernel
def frame_key(key_a: int, key_b: int, frame: int, stream: int) -> int:
    """Key of one stream in one frame of the environment whose keys are ``key_a`` and ``key_b``."""
    return mix(draw(key_a, frame) ^ key_b ^ ((stream * 0x85EBCA6B) & MASK))


@kernel
def below(number: int, bound: int) -> int:
    """Map a 32-bit random number to 0 .. bound - 1 (bias below bound / 2^32)."""
    return (number * bound) >> 32


def environment_keys(seed: int, episode: int) -> tuple[int, int]:
    """Two 32-bit keys of an environment, from its 64-bit seed and the episode's number."""
    low, high = seed & MASK, seed >> 32
    key_a = draw(draw(mix(low ^ 0x243F6A88), high), episode)
    key_b = draw(draw(mix(low ^ 0xB7E15162), high), episode)
    return int(key_a), int(key_b)

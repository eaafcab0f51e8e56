"""`python -m cadran.radio.warm`: compiles the kernels once; later processes load them from the cache."""

import sys
import time

import numpy as np

from cadran.radio.decision import hard_quotas
from cadran.radio.engine import Radio
from cadran.radio.frame import play_frames
from cadran.radio.jit import is_compiled
from cadran.radio.world import SLICES, World


def compiled() -> bool:
    """Whether a frame can be played without waiting for the compiler."""
    return is_compiled(play_frames)


def main() -> None:
    """Compiles the kernels, and says so, unless that has been done."""
    if compiled():
        return
    sys.stderr.write("compiling the radio (half a minute, once) ... ")
    sys.stderr.flush()
    started_s = time.monotonic()
    world = World(dus=1, ues=3, rbs=4)
    radio = Radio(world)
    state = radio.new_state(np.zeros(1, dtype=np.uint64))
    radio.step(state, hard_quotas(np.ones((1, world.dus, SLICES), dtype=np.int32), world.rbs))
    sys.stderr.write(f"done in {time.monotonic() - started_s:.0f} s\n")


if __name__ == "__main__":
    main()

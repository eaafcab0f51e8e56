"""One case of the radio, timed with several numbers of threads in turn."""

from collections.abc import Mapping
from typing import Any

import numba
import numpy as np

from cadran.radio import Radio
from cadran.testbed.radio_bench.child import answer
from cadran.testbed.radio_bench.scenario import Case, bench_decisions, bench_world
from cadran.testbed.radio_bench.timing import Effort, Window, peak_mb, rates, timed


def run_case(case: Mapping[str, Any], effort: Mapping[str, Any]) -> dict[str, Any]:
    """Rates of a world in env-TTI per second.

    Numbers of threads take turns window by window, so that all meet the same disturbances.

    Args:
        case: fields of ``Case``.
        effort: fields of ``Effort``; a step is a frame.

    Returns:
        ``rates``, a list of ``Rates`` as objects, one for each number of threads; ``busy_fraction``, the
        share of UEs with data waiting, in the last frames of the windows; ``peak_mb``.
    """
    plan, what = Effort(**effort), Case(**case)
    world = bench_world(what)
    radio = Radio(world)
    state = radio.new_state(np.arange(what.envs, dtype=np.uint64))
    decisions = bench_decisions(world, what.envs)

    def step() -> None:
        radio.step(state, decisions)

    for _ in range(plan.warm_steps):
        step()
    windows: list[list[Window]] = [[] for _ in what.threads]
    busy = []
    for _ in range(plan.windows):
        for threads, own in zip(what.threads, windows, strict=True):
            # The radio spreads environments over so many threads; it asks at every step.
            numba.config.NUMBA_NUM_THREADS = threads
            own.append(timed(step, plan.window_s))
            busy.append(int(state.kpis.busy_ue_ttis.sum()))
    per_step = what.envs * world.ttis_per_frame
    return {
        "rates": [rates(own, per_step)._asdict() for own in windows],
        "busy_fraction": round(float(np.mean(busy)) / (per_step * world.ues), 3),
        "peak_mb": peak_mb(),
    }


if __name__ == "__main__":
    answer(run_case)

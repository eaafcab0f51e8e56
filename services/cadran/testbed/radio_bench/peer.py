"""mobile-env with as many base stations and UEs: the fastest Python peer that can be installed."""

from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from cadran.testbed.radio_bench.child import answer
from cadran.testbed.radio_bench.scenario import DUS, UES
from cadran.testbed.radio_bench.timing import Effort, measure, peak_mb, rates

PEER = "mobile-env"
MISSING = f"{PEER} is not installed: pip install cadran[peers]"
STEP = (
    "A step of mobile-env moves the UEs and shares each station's rate; it has no fading, interference, RBs, "
    "traffic or queues. A TTI here has all of these."
)
_STATIONS_M = ((33, 50), (100, 50), (167, 50), (33, 150), (100, 150), (167, 150))
"""Positions of the base stations in mobile-env's default area of 200 m x 200 m."""
_DRAWN_ACTIONS = 16


def installed() -> bool:
    """Whether the peer can be measured here."""
    return find_spec("mobile_env") is not None


def run_peer(effort: Mapping[str, Any]) -> dict[str, Any]:
    """``Rates`` of random connections in env-steps per second: the faster of its two interfaces."""
    from mobile_env.handlers.central import MComCentralHandler
    from mobile_env.handlers.multi_agent import MComMAHandler

    plan = Effort(**effort)
    measured = {
        "central": rates(measure(_stepper(MComCentralHandler), plan), 1),
        "multi-agent": rates(measure(_stepper(MComMAHandler), plan), 1),
    }
    interface = max(measured, key=lambda name: measured[name].per_cpu_s)
    return {
        "name": f"{PEER} {version(PEER)}",
        "interface": interface,
        "stations": DUS,
        "ues": UES,
        "rates": measured[interface]._asdict(),
        "peak_mb": peak_mb(),
    }


def _stepper(handler: type) -> Any:
    """A function that takes one step, with connections drawn beforehand."""
    from mobile_env.core.base import MComCore
    from mobile_env.core.entities import BaseStation, UserEquipment

    # Utilities are monitored for the whole episode; it only has to be longer than the measurement.
    config = MComCore.default_config() | {"handler": handler, "EP_MAX_TIME": 10**6}
    stations = [BaseStation(number, place, **config["bs"]) for number, place in enumerate(_STATIONS_M)]
    env = MComCore(stations, [UserEquipment(number, **config["ue"]) for number in range(UES)], config)
    env.reset(seed=0)
    env.action_space.seed(0)
    actions = [env.action_space.sample() for _ in range(_DRAWN_ACTIONS)]
    taken = 0

    def step() -> None:
        nonlocal taken
        env.step(actions[taken % _DRAWN_ACTIONS])
        taken += 1

    return step


if __name__ == "__main__":
    answer(run_peer)

"""Worlds of one TTI a frame in which yardsticks are tried."""

from cadran.problem import ProblemSpec
from cadran.radio import World

from ..worlds import EQ8_WORLD, WORLD, eq8

SPEC = ProblemSpec()


def changed(world: World, changes: dict[str, object]) -> World:
    return World.model_validate(world.model_dump() | changes)


def mac(world: World, **options: object) -> World:
    return changed(world, {"mac": world.mac.model_dump() | options})


LITERAL = changed(EQ8_WORLD, {"kpis": {"achievable_rate": True, "rate": "won_rbs", "latency": "literal"}})
JAKES = changed(WORLD, {"channel": WORLD.channel.model_dump() | {"fading": "jakes"}, "queue_entries": 8})
SCENES = {
    "delivered": (WORLD, SPEC),
    "eq8": (EQ8_WORLD, eq8()),
    "weighted_norm": (EQ8_WORLD, eq8(alpha="weighted_norm", quality="eq6")),
    "literal": (LITERAL, eq8()),
    "on delivered bits": (EQ8_WORLD, eq8(rate="delivered")),
    "budgets": (WORLD, ProblemSpec.model_validate({"delivered": {"budget_spread": 0.5}})),
    "jakes": (JAKES, SPEC),
    "turns": (mac(WORLD, schedulers=("rr", "edf", "max_cqi"), idle_rbs="active"), SPEC),
    "served": (mac(EQ8_WORLD, schedulers=("mlwdf", "rr", "pf"), pf_average="served"), eq8()),
}

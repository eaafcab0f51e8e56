import pytest

from cadran.envs.given import RULES, TASKS, problem_spec, rule_of, world_of
from cadran.problem import ProblemSpec
from cadran.problem.heuristics import equal, static
from cadran.radio import World

SLICING = ProblemSpec()


def test_a_task_is_laid_under_the_keys_given():
    assert problem_spec(None, "slicing") == ProblemSpec()
    blocks = problem_spec({"decode": "plain"}, "resource-blocks")
    assert blocks == ProblemSpec(observation="paper", action="rb_bits", reward="eq8", decode="plain")
    assert problem_spec({"reward": "delivered"}, "resource-blocks").reward == "delivered"


def test_objects_are_taken_as_they_are():
    world, spec = World(dus=2, ues=12), ProblemSpec(quota_gain=3.0)
    assert world_of(world, spec) is world
    assert problem_spec(spec, "slicing") is spec
    split = static((20, 30, 50))
    assert rule_of(split) is split


@pytest.mark.parametrize("preset", ["paper", "3gpp", "3gpp-30khz"])
def test_a_world_by_name_is_the_preset(preset):
    assert world_of(preset, SLICING) == World(preset=preset)


def test_a_world_by_its_keys():
    assert world_of({"preset": "3gpp", "dus": 3}, SLICING) == World(preset="3gpp", dus=3)
    assert world_of({}, SLICING) == World()


def test_the_achievable_rate_is_measured_where_the_reward_needs_it():
    eq8 = ProblemSpec(reward="eq8")
    assert world_of("3gpp", eq8).kpis.achievable_rate
    assert world_of({"kpis": {"average": 0.2}}, eq8).kpis.achievable_rate
    assert not world_of({"kpis": {"achievable_rate": False}}, eq8).kpis.achievable_rate
    assert not world_of("paper", SLICING).kpis.achievable_rate


def test_rules_have_names():
    assert rule_of("equal") is equal
    assert set(RULES) == {"equal", "need-proportional", "pf", "priority"}
    assert set(TASKS) == {"slicing", "resource-blocks"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: world_of("4gpp", SLICING), r"environment: world.preset = '4gpp': must be .*3gpp"),
        (
            lambda: world_of({"rbz": 5}, SLICING),
            r"world.rbz: unknown key 'rbz' \(did you mean 'rbs'",
        ),
        (lambda: world_of({"rbs": 0}, SLICING), r"environment: world.rbs = 0: must be greater"),
        (lambda: world_of({"kpis": 3}, ProblemSpec(reward="eq8")), r"environment: world.kpis = 3"),
        (lambda: problem_spec({"reward": "eq9"}, "slicing"), r"environment: problem.reward = 'eq9'"),
        (lambda: problem_spec(None, "chess"), r"task = 'chess': must be one of slicing, resource-blocks"),
        (lambda: rule_of("fair"), r"others = 'fair': must be one of equal, need-proportional, pf, priority"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_line(call, message):
    with pytest.raises(ValueError, match=message) as refused:
        call()
    assert len(str(refused.value).splitlines()) == 1

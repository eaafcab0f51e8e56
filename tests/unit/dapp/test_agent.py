"""From indications to decisions and transitions."""

from __future__ import annotations

import numpy as np
from worlds import artefact, measurements, overflowing, problem, slot_with_policy

from cadran.dapp import Action, DuAgent, Indication, PolicySlot
from cadran.replay.schema import RowFlag, TransitionSchema

SEED = 7


def schema() -> TransitionSchema:
    made = problem()
    return TransitionSchema(made.state_dim, made.action_dim, made.kpi_dim)


def agent(slot: PolicySlot | None = None) -> DuAgent:
    made = problem()
    return DuAgent(0, made, slot or slot_with_policy(made), SEED)


def indication(
    frame: int, rng: np.random.Generator, *, applied: int | None, start: bool = False, epoch: int = 1
) -> Indication:
    return Indication(
        epoch=epoch,
        frame=frame,
        outcome=measurements(rng) if frame > 0 else None,
        applied_frame=applied,
        start=measurements(rng) if start else None,
        deterministic=False,
    )


def step(acting: DuAgent, given: Indication) -> tuple[Action | None, np.ndarray | None]:
    """The decision, and the row of the transition that the indication completes."""
    action, transition = acting.step(given)
    return action, None if transition is None else transition.row(schema())


def run(frames: int, du_agent: DuAgent) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    rows = []
    for frame in range(frames):
        applied = frame - 1 if frame > 0 else None
        _, row = step(du_agent, indication(frame, rng, applied=applied, start=frame == 0))
        if row is not None:
            rows.append(row)
    return rows


def test_every_frame_that_was_answered_gives_one_transition() -> None:
    rows = run(10, agent())
    assert [int(row["frame"][0]) for row in rows] == list(range(9))
    assert [int(row["sequence"][0]) for row in rows] == list(range(9))


def test_a_transition_holds_its_own_reward_and_next_state() -> None:
    made = problem()
    rng = np.random.default_rng(0)
    acting = agent()
    step(acting, indication(0, rng, applied=None, start=True))
    outcome = measurements(rng)
    _, row = step(acting, Indication(1, 1, outcome, 0, None, False))
    assert row is not None
    assert row["reward"][0] == made.reward(made.kpis(outcome))
    np.testing.assert_array_equal(row["next_state"][0], made.state(outcome))
    assert row["flags"][0] == RowFlag.PREVIOUS_IS_NEUTRAL


def test_same_seed_same_trajectory() -> None:
    for first, second in zip(run(20, agent()), run(20, agent()), strict=True):
        assert first.tobytes() == second.tobytes()


def test_a_restarted_dapp_explores_as_the_first_one_would_have() -> None:
    rng = np.random.default_rng(3)
    steps = [
        indication(frame, rng, applied=frame - 1 if frame else None, start=frame % 5 == 0)
        for frame in range(11)
    ]
    whole, restarted = agent(), agent()
    actions = [step(whole, one)[0] for one in steps]
    late, _ = step(restarted, steps[10])
    assert actions[10] is not None
    assert late is not None
    np.testing.assert_array_equal(actions[10].action, late.action)


def test_a_frame_that_the_fallback_ran_gives_no_transition_and_a_neutral_previous_action() -> None:
    rng = np.random.default_rng(0)
    acting = agent()
    step(acting, indication(0, rng, applied=None, start=True))
    _, row = step(acting, indication(1, rng, applied=None))
    assert row is None
    _, row = step(acting, indication(2, rng, applied=1))
    assert row is not None
    assert row["flags"][0] & RowFlag.PREVIOUS_IS_NEUTRAL


def test_a_frame_that_ran_an_older_decision_gives_no_transition() -> None:
    rng = np.random.default_rng(0)
    acting = agent()
    step(acting, indication(0, rng, applied=None, start=True))
    step(acting, indication(1, rng, applied=0))
    _, row = step(acting, indication(2, rng, applied=0))
    assert row is None


def test_an_episode_ends_with_its_last_transition_and_begins_neutral() -> None:
    rng = np.random.default_rng(0)
    acting = agent()
    step(acting, indication(0, rng, applied=None, start=True))
    _, last = step(acting, indication(1, rng, applied=0, start=True))
    _, first = step(acting, indication(2, rng, applied=1))
    assert last is not None
    assert first is not None
    assert last["flags"][0] & RowFlag.EPISODE_END
    assert first["flags"][0] & RowFlag.PREVIOUS_IS_NEUTRAL


def test_a_new_epoch_forgets_what_was_pending() -> None:
    rng = np.random.default_rng(0)
    acting = agent()
    step(acting, indication(0, rng, applied=None, start=True))
    _, row = step(acting, indication(1, rng, applied=0, epoch=2))
    assert row is None


def test_without_a_policy_nothing_is_decided() -> None:
    rng = np.random.default_rng(0)
    action, row = step(agent(PolicySlot(0, problem())), indication(0, rng, applied=None, start=True))
    assert action is None
    assert row is None


def test_weights_too_large_to_compute_with_decide_nothing_and_end_nothing() -> None:
    made = problem()
    slot = PolicySlot(0, made)
    slot.install(overflowing(made), delivery=1, effective_frame=0)
    acting, rng = agent(slot), np.random.default_rng(0)
    for frame in range(3):
        action, row = step(acting, indication(frame, rng, applied=None, start=frame == 0))
        assert action is None
        assert row is None
    slot.install(artefact(made, version=2), delivery=2, effective_frame=0)
    action, _ = step(acting, indication(3, rng, applied=None))
    assert action is not None
    assert action.policy_version == 2

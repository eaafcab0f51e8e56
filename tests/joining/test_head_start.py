"""A seventh DU joins a running testbed: what it is worth to start from what the rApp has learned.

One testbed of six DUs runs until the rApp has learned from them. From there on it is resumed ten times, with
five seeds of network and exploration, and DU 6 joins: once warm, once cold with the same seed. What it
decides by after the same number of shots is then looked at on the same held-out episodes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from cadran.envs.hierarchical import HierarchicalEnv
from cadran.lab.meta import episodes_of, load_meta_experiment
from cadran.policy import TwoLevelPolicy, decode
from cadran.problem.hierarchy import TwoLevelActor
from cadran.runtime.student import student_quantile
from running import Run

SEEDS = (1, 2, 3, 4, 5)
SHOTS = 2
NEW_DU = 6
EPISODES = 16
LEARNED_ITERATIONS = 600
"""Of the rApp before DU 6 joins."""
SCENARIO = f"""
world:
  dus: 7
  ues: 28
  max_ues_per_slice: 4
  rbs: 50
  episode_frames: 200
  channel: {{shadowing_db: 7.0, fading: jakes, doppler_speed_mps: 3.0}}
  load: {{scale: 2.0}}
problem: {{reward: delivered}}
hierarchy: {{decision_frames: 20}}  # not 100: the higher level is to learn within minutes
meta:
  higher: {{hidden: [64, 64], actor_lr: 3.0e-4, critic_lr: 1.0e-3, gamma: 0.8, tau: 0.01, batch_size: 64}}
  lower: {{hidden: [64, 64], actor_lr: 3.0e-4, critic_lr: 1.0e-3, gamma: 0.5, tau: 0.01, batch_size: 64,
           exploration_start: 0.1}}
  inner_critic_lr: 1.0e-3
  inner_actor_lr: 0.02
  shot_frames: 200
  shot_steps: 10
  shots: {SHOTS}
learner: {{replay_capacity: 20000}}
"""

pytestmark = pytest.mark.timeout(3600)


@dataclass(frozen=True)
class Joined:
    """How DU 6 joined.

    Attributes:
        account: what the xApp tells of it.
        start: the policy that it began with.
        end: the policy after all shots.
    """

    account: dict[str, Any]
    start: TwoLevelPolicy
    end: TwoLevelPolicy


Join = Callable[[int, str], Joined]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scenario") / "joining.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def learned(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run that six DUs have taught."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRAN_RAPP_ROWS_PER_ITERATION", "25")
        patch.setenv("CADRAN_RAPP_ROUND_PERIOD_S", "1")
        patch.setenv("CADRAN_RAPP_CANDIDATE_EVERY", "200")
        never = ("--join-du", f"{NEW_DU}@9h")
        run = Run(tmp_path_factory.mktemp("learned") / "run", "--pace", "fast", *never, scenario=scenario)
    try:
        run.until(
            lambda: run.status("rapp").get("iterations", 0) > LEARNED_ITERATIONS,
            f"the rApp has made {LEARNED_ITERATIONS} iterations",
            within_s=1200,
        )
        assert run.status("rapp")["promoted"] is not None, run.status("rapp")
        assert newcomer(run)["shots"] == 0
        run.end()
        yield run.folder
    finally:
        run.discard()


@pytest.fixture
def join(learned: Path, scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Join:
    """Goes on from the run that was learned from, and lets DU 6 join."""
    monkeypatch.setenv("CADRAN_RAPP_LEARN", "false")  # what is promoted is the same for all

    def joined(seed: int, how: str) -> Joined:
        options = ("--resume", str(learned), "--seed", str(seed), "--join-du", f"{NEW_DU}@2s{how}")
        run = Run(tmp_path / f"{seed}{how[1:]}", "--pace", "fast", *options, scenario=scenario)
        try:
            run.until(lambda: len(newcomer(run)["rewards"]) > SHOTS, "DU 6 has adapted", within_s=300)
            account = newcomer(run)
            run.end()
        finally:
            run.discard()
        held = {path.name: decode(path.read_bytes()) for path in policies(run.folder)}
        start = next(policy for meta, policy in held.values() if meta.sha256 == account["policy_sha256"])
        _, end = held[max(held)]
        assert isinstance(start, TwoLevelPolicy)
        assert isinstance(end, TwoLevelPolicy)
        return Joined(account, start, end)

    return joined


def policies(folder: Path) -> list[Path]:
    return list((folder / "xapp" / "policies").glob(f"du{NEW_DU}-*.safetensors"))


def newcomer(run: Run) -> dict[str, Any]:
    """What the xApp tells of DU 6; nothing yet while it is not up."""
    nothing: dict[str, Any] = {"rewards": (), "shots": 0}
    record = run.folder / "run.json"
    if not record.exists():
        return nothing
    xapp = json.loads(record.read_text())["metrics"]["xapp"].removesuffix("/metrics")
    try:
        return httpx.get(f"{xapp}/v1/adaptation", timeout=20).json()["dus"][NEW_DU]  # type: ignore[no-any-return]
    except httpx.TransportError:
        return nothing


def reward(env: HierarchicalEnv, policy: TwoLevelPolicy) -> float:
    """Of DU 6 a frame, beside DUs that share equally."""
    actor = TwoLevelActor(env.problem, policy.higher.mean, policy.lower.mean, policy.decision_frames)
    state = env.reset(0)
    actions = np.broadcast_to(env.problem.neutral_action, (*state.shape[:-1], env.problem.action_dim)).copy()
    earned = []
    while env.frames_left:
        actions[:, NEW_DU] = actor.act(state[:, NEW_DU])
        step = env.step(actions)
        state = step.state
        earned.append(step.reward[:, NEW_DU])
    return float(np.mean(earned, dtype=np.float64))


def test_a_du_that_joins_ends_higher_than_from_a_cold_start_after_as_many_shots(
    join: Join, scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def line(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"{text}\n")

    experiment = load_meta_experiment(scenario)
    found = []
    for seed in SEEDS:
        warm, cold = join(seed, ""), join(seed, ":cold")
        assert (warm.account["cold"], cold.account["cold"]) == (False, True)
        assert warm.account["start"]["version"] >= 1
        assert cold.account["start"] is None
        assert warm.account["policy_sha256"] != cold.account["policy_sha256"]
        assert all(one.account["acknowledged"] and one.account["shots"] == SHOTS for one in (warm, cold))
        env = episodes_of(experiment, experiment.world, EPISODES, seed, "held_out")
        found.append([[reward(env, policy) for policy in (one.start, one.end)] for one in (warm, cold)])
        (before, after), (cold_before, cold_after) = found[-1]
        line(f"seed {seed}: warm {before:.3f} -> {after:.3f}, cold {cold_before:.3f} -> {cold_after:.3f}")
    lead = np.array(found)[:, 0] - np.array(found)[:, 1]
    mean = lead.mean(axis=0)
    half = student_quantile(len(SEEDS) - 1) * lead.std(axis=0, ddof=1) / np.sqrt(len(SEEDS))
    for shots, own, wide in zip((0, SHOTS), mean, half, strict=True):
        interval = f"95 % interval {own - wide:+.3f} to {own + wide:+.3f}"
        line(f"warm over cold after {shots} shots: {own:+.3f} of reward a frame, {interval}")
    assert mean[1] > 0.0

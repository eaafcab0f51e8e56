"""E3 round trips: the RAN here, each dApp in a process of its own, gRPC over loopback between them."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog
from numpy.typing import NDArray

from cadran.policy import PolicyMeta, encode, tensor_shapes
from cadran.problem import Problem, Quota
from cadran.ransim.e3_agent import RanIdentity
from cadran.ransim.ladder import DecisionLadder
from cadran.ransim.pacing import Pace
from cadran.ransim.ran import FrameResult, Ran
from cadran.testbed.bare_round import bare_round_ms
from cadran.testbed.loop_bench import dapp_child as child
from cadran.testbed.loop_bench.dus import APPLIED, ARRIVED, ENCODING, SENT, Notes, TimedDus
from cadran.testbed.loop_bench.processes import running
from cadran.testbed.loop_bench.size import Size
from cadran.testbed.loop_bench.times import as_object, now_ns, times_ms
from cadran.wire.chunks import Artefact, split
from cadran.wire.e3_server import E3Server

START_S_PER_DAPP, START_S = 10.0, 60.0
ROUND_TIMEOUT_S = 5.0
EPOCH = 1
SEED = 0


@dataclass(frozen=True)
class Effort:
    """How long is measured.

    Attributes:
        warm_up: rounds that do not count.
        rounds: rounds as fast as the dApps decide.
        paced_s: seconds in real time [s].
    """

    warm_up: int = 300
    rounds: int = 2000
    paced_s: float = 20.0


class Loop:
    """One network in its rounds.

    Args:
        size: the network.
        frames: as many can be run.
    """

    def __init__(self, size: Size, frames: int) -> None:
        self._size = size
        experiment = size.experiment
        self._clock = experiment.clock
        self.problem = experiment.problem()
        self._ladders = tuple(
            DecisionLadder(_fallback(), self._clock.max_decision_age_frames) for _ in range(size.dus)
        )
        self.ran = Ran(experiment.world, SEED, self._ladders, deterministic_every=0)
        identity = RanIdentity(self.problem.frame, EPOCH, lockstep=False, problem=self.problem.names)
        self.notes = Notes(frames, size.dus)
        self.age_ns: NDArray[np.int64] = np.zeros(frames, np.int64)
        self.ran_ns: NDArray[np.int64] = np.zeros(frames, np.int64)
        self._decided = asyncio.Event()
        # Standard output is for the figures alone.
        log = structlog.wrap_logger(structlog.PrintLogger(sys.stderr))
        self.dus = TimedDus(identity, self.ran, log, self.notes, self._on_decision)
        self.server = E3Server("127.0.0.1:0", self.dus, counters=self.notes)
        self._last: FrameResult | None = None
        self._measured_ns = now_ns()

    def _on_decision(self, frame: int) -> None:
        if self._all_decided():
            self._decided.set()

    def _all_decided(self) -> bool:
        frame = self.ran.frame
        return all(ladder.has(frame) for ladder in self._ladders)

    @property
    def missed(self) -> int:
        """Frames of DUs without the decision made for them, so far."""
        return sum(ladder.missed_frames for ladder in self._ladders)

    async def ready(self, timeout_s: float) -> None:
        """Waits for all dApps, and gives each a policy. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not all(self.dus.connected):
                await asyncio.sleep(0.05)
            for du in range(self._size.dus):
                session = self.dus.session(du)
                assert session is not None
                for chunk in split(Artefact(du, f"du{du}", 1, 1, 0, _policy(self._size, self.problem, du))):
                    session.send_policy_chunk(chunk)
            while not all(self.dus.running_versions):
                await asyncio.sleep(0.05)

    async def fast(self, rounds: int) -> None:
        """Runs frames, each as soon as all dApps have decided, or one did not in time."""
        patient = self._clock.model_copy(update={"decision_timeout_s": ROUND_TIMEOUT_S})
        pace = Pace("fast", patient, self._size.experiment.world.frame_s, _now_s)
        for _ in range(rounds):
            await self._frame(pace)

    async def paced(self, frames: int) -> None:
        """Runs frames in real time."""
        pace = Pace("realtime", self._clock, self._size.experiment.world.frame_s, _now_s)
        pace.start()
        for _ in range(frames):
            await self._frame(pace)

    async def _frame(self, pace: Pace) -> None:
        self._decided.clear()
        self.dus.indicate(self._last)
        await pace.decisions(self._all_decided, self._decided)
        await pace.frame_end()
        frame, began_ns = self.ran.frame, now_ns()
        self._last = self.ran.run_frame()
        self.ran_ns[frame] = began_ns
        self.age_ns[frame] = began_ns - self._measured_ns
        self._measured_ns = now_ns()


def bench_e3(size: Size, effort: Effort, folder: Path) -> dict[str, Any]:
    """Round trips of one network, as fast as its dApps decide and in real time, beside bare gRPC.

    Args:
        size: the network.
        effort: how long is measured.
        folder: for the dApps' notes.

    Raises:
        TimeoutError: the dApps did not come.
    """
    measured = asyncio.run(_bench(size, effort, folder))
    payload = measured["payload_bytes"]
    return {**measured, "bare_grpc_ms": bare_round_ms(size.dus, payload["indication"], payload["decision"])}


async def _bench(size: Size, effort: Effort, folder: Path) -> dict[str, Any]:
    paced_frames = round(1e3 * effort.paced_s / size.frame_ms)
    first, last = effort.warm_up, effort.warm_up + effort.rounds
    loop = Loop(size, last + paced_frames)
    port = await loop.server.start()
    with running(_commands(size, port, folder), folder / "dapps.log"):
        await loop.ready(START_S + START_S_PER_DAPP * size.dus)
        await loop.fast(last)
        missed_fast = loop.missed
        await loop.paced(paced_frames)
        missed = loop.missed - missed_fast
        await loop.server.stop()
    theirs = [np.load(_file(folder, du)) for du in range(size.dus)]
    dapps = _by_frame([one["notes"] for one in theirs], last + paced_frames)
    return {
        "dus": size.dus,
        "ues_per_du": size.experiment.world.ues // size.dus,
        "frame_ms": size.frame_ms,
        **_figures(loop, dapps, slice(first, last)),
        "missed_frames": missed_fast,
        "paced": {
            "frames": paced_frames,
            "missed_frames": missed,
            "slipped_frames": _slipped(loop.ran_ns[last:], size.frame_ms),
            **_figures(loop, dapps, slice(last, last + paced_frames)),
        },
        "payload_bytes": {"indication": int(theirs[0]["bytes"]), "decision": loop.dus.decision_bytes},
    }


def _figures(loop: Loop, dapps: NDArray[np.int64], which: slice) -> dict[str, Any]:
    """Figures of the rounds that were decided in time by the dApp of the DU."""
    at, theirs, begun = loop.notes.at[which], dapps[which], loop.notes.begun[which]
    whole = (at[..., APPLIED] > 0) & (theirs[..., child.LEFT] > 0)
    at, theirs, begun = at[whole], theirs[whole], np.broadcast_to(begun[:, None], whole.shape)[whole]
    phases = {
        "queue": at[:, ENCODING] - begun,
        "encode": at[:, SENT] - at[:, ENCODING] + theirs[:, child.LEFT] - theirs[:, child.INFERRED],
        "transport": theirs[:, child.ARRIVED] - at[:, SENT] + at[:, ARRIVED] - theirs[:, child.LEFT],
        "decode": theirs[:, child.DECODED] - theirs[:, child.ARRIVED],
        "infer": theirs[:, child.INFERRED] - theirs[:, child.DECODED],
        "apply": at[:, APPLIED] - at[:, ARRIVED],
    }
    rounds = loop.notes.at[which][..., APPLIED].max(axis=1) - loop.notes.begun[which]
    return {
        "e3_ms": as_object(times_ms(at[:, APPLIED] - begun)),
        "e3_last_ms": as_object(times_ms(rounds[whole.all(axis=1)])),
        "phases_ms": {name: as_object(times_ms(taken)) for name, taken in phases.items()},
        "age_ms": as_object(times_ms(loop.age_ns[which][whole.all(axis=1)])),
    }


def _by_frame(notes: list[NDArray[np.int64]], frames: int) -> NDArray[np.int64]:
    """int64[frames, dus, 5], zeros where a dApp noted nothing."""
    table = np.zeros((frames, len(notes), 5), np.int64)
    for du, own in enumerate(notes):
        table[own[:, child.FRAME], du] = own
    return table


def _slipped(began_ns: NDArray[np.int64], frame_ms: float) -> int:
    """Frames that began more than half a frame later after the one before than they should."""
    return int(np.count_nonzero(np.diff(began_ns) > 1.5e6 * frame_ms))


def _commands(size: Size, port: int, folder: Path) -> list[list[str]]:
    """The dApps of all DUs."""
    module, target = "cadran.testbed.loop_bench.dapp_child", f"127.0.0.1:{port}"
    return [[module, str(size.path), str(du), target, str(_file(folder, du))] for du in range(size.dus)]


def _file(folder: Path, du: int) -> Path:
    return folder / f"dapp-{du}.npz"


def _fallback() -> Quota:
    zero = np.zeros(3, dtype=np.int32)
    return Quota(zero, np.array([20, 20, 30], dtype=np.int32), np.full(3, 100, dtype=np.int32))


def _policy(size: Size, problem: Problem, du: int) -> bytes:
    """A policy with networks of the scenario's learner and random weights."""
    learner = size.experiment.learner
    inputs, outputs = problem.observation_dim, problem.action_dim
    meta = PolicyMeta(
        du=du,
        version=1,
        created_unix_s=0.0,
        observation_dim=inputs,
        action_dim=outputs,
        hidden=learner.hidden,
        activation=learner.activation,
        layer_norm=learner.layer_norm,
        problem=problem.names,
    )
    rng = np.random.default_rng([SEED, du])
    shapes = tensor_shapes(inputs, outputs, learner.hidden, learner.layer_norm)
    tensors = {
        key: (rng.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        for key, shape in shapes.items()
    }
    return encode(meta, tensors)


def _now_s() -> float:
    return time.monotonic()

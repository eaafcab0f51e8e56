"""A DU for tests of the dApp: real E3 over gRPC, made-up measurements, one frame at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from cadran.policy import PolicyMeta, encode
from cadran.problem import Frame, Measurements, Problem, ProblemSpec
from cadran.wire.causes import Cause
from cadran.wire.chunks import Artefact, split
from cadran.wire.codecs import SLICES, measurements_to_proto, s_nssai_to_proto
from cadran.wire.e3_server import E3Server, E3Session
from cadran.wire.e3_subscriptions import frames_function
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

SMALL = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=200e3, total_ues=12, dus=2)


def measurements(frame: Frame, rng: np.random.Generator) -> Measurements:
    counts = rng.integers(0, 1000, (4, 3))
    users = (3, frame.ues_per_slice)
    return Measurements(
        ues=np.full(3, 4, dtype=np.int32),
        arrived_bytes=counts[0],
        delivered_bytes=counts[1],
        dropped_bytes=counts[2],
        queued_bytes=counts[3],
        rbs_quota=rng.integers(0, 7, 3).astype(np.int32),
        rbs_used=rng.integers(0, 7, 3).astype(np.int32),
        backlog_rbs=rng.uniform(0, 20, 3).astype(np.float32),
        arrival_rbs=rng.uniform(0, 20, 3).astype(np.float32),
        arrival_ewma_bytes=rng.uniform(0, 1e4, 3).astype(np.float32),
        mean_se=rng.uniform(0.1, 5, 3).astype(np.float32),
        ue_rate_bps=rng.uniform(0, 1e6, users).astype(np.float32),
        ue_delay_s=rng.uniform(0, 0.05, users).astype(np.float32),
    )


def tensors(observation_dim: int, action_dim: int, hidden: tuple[int, ...]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made = {}
    for index, (rows, columns) in enumerate(pairwise((observation_dim, *hidden))):
        made[f"layers.{index}.weight"] = rng.normal(0, 0.05, (rows, columns)).astype(np.float32)
        made[f"layers.{index}.bias"] = np.zeros(columns, dtype=np.float32)
    for head in ("mean", "log_std"):
        made[f"{head}.weight"] = rng.normal(0, 0.05, (hidden[-1], action_dim)).astype(np.float32)
        made[f"{head}.bias"] = np.zeros(action_dim, dtype=np.float32)
    return made


def policy(
    problem: Problem, version: int, du: int = 0, hidden: tuple[int, ...] = (8,), inputs: int | None = None
) -> bytes:
    inputs = inputs or problem.observation_dim
    meta = PolicyMeta(
        du=du,
        version=version,
        created_unix_s=0.0,
        observation_dim=inputs,
        action_dim=problem.action_dim,
        hidden=hidden,
        activation="relu",
        layer_norm=False,
        problem=problem.names,
    )
    return encode(meta, tensors(inputs, problem.action_dim, hidden))


class Du:
    """The RAN's end of E3 for one dApp; an `E3ServerHandler`."""

    def __init__(self, frame: Frame = SMALL, spec: ProblemSpec | None = None) -> None:
        self.frame = frame
        self.problem = Problem(spec or ProblemSpec(), frame)
        self.session: E3Session | None = None
        self.statuses: list[dapp_pb2.PolicyStatus] = []
        self.decisions: list[e3ap_pb2.DAppControlAction] = []
        self.at = 0
        self._rng = np.random.default_rng(0)
        self._server = E3Server("127.0.0.1:0", self)

    async def start(self) -> int:
        return await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)

    async def deliver(self, data: bytes, version: int, delivery: int) -> dapp_pb2.PolicyStatus:
        """Sends a policy; returns what the dApp answers."""
        assert self.session is not None
        for chunk in split(Artefact(0, "actor", version, delivery, 0, data)):
            self.session.send_policy_chunk(chunk)
        await self.until(lambda: self.statuses and self.statuses[-1].delivery == delivery)
        return self.statuses[-1]

    async def decide(self) -> e3ap_pb2.DAppControlAction:
        """Indicates the next frame; returns the decision."""
        assert self.session is not None
        message = e3ap_pb2.IndicationMessage(epoch=1, frame=self.at)
        message.outcome.CopyFrom(measurements_to_proto(measurements(self.frame, self._rng)))
        if self.at > 0:
            message.applied.source = e3ap_pb2.DECISION_SOURCE_DAPP
            message.applied.decision_frame = self.at - 1
        count = len(self.decisions)
        self.session.send_indication(message)
        await self.until(lambda: len(self.decisions) > count)
        assert self.decisions[-1].frame == self.at
        self.at += 1
        return self.decisions[-1]

    # E3ServerHandler

    def on_setup(self, request: e3ap_pb2.SetupRequest) -> e3ap_pb2.SetupResponse:
        frame = self.frame
        facts = common_pb2.RanFacts(
            rbs=frame.rbs,
            slices=[s_nssai_to_proto(slice_) for slice_ in SLICES],
            ues_per_slice=frame.ues_per_slice,
            frame_s=frame.frame_s,
            rb_bandwidth_hz=frame.rb_bandwidth_hz,
            dus=frame.dus,
            total_ues=frame.total_ues,
        )
        return e3ap_pb2.SetupResponse(
            ran_facts=facts,
            epoch=1,
            heartbeat_period_ms=1000,
            ran_functions=[frames_function(1, user_measurements=False)],
        )

    def on_connected(self, session: E3Session) -> None:
        self.session = session

    def on_subscribed(self, session: E3Session) -> None:
        pass

    def on_control_action(self, session: E3Session, action: e3ap_pb2.DAppControlAction) -> None:
        self.decisions.append(action)

    def on_report(self, session: E3Session, report: dapp_pb2.DappReport) -> None:
        pass

    def on_policy_status(self, session: E3Session, status: dapp_pb2.PolicyStatus) -> None:
        self.statuses.append(status)

    def on_message_ack(self, session: E3Session, ack: e3ap_pb2.MessageAck) -> None:
        pass

    def on_closed(self, session: E3Session, cause: Cause) -> None:
        self.session = None

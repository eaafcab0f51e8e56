"""A dApp that notes when what happened: the service's own code, with the clock read around its parts.

Run as a module with SCENARIO DU HOST:PORT FILE, it serves until it is told to stop and then writes the notes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from cadran.dapp.agent import Action, DuAgent, Indication, Transition
from cadran.dapp.metrics import DappMetrics
from cadran.dapp.service import DappService
from cadran.dapp.settings import DappSettings
from cadran.problem import Problem, ProblemSpec
from cadran.problem.hierarchy import HierarchicalProblem
from cadran.runtime import Address, read_document, section
from cadran.runtime.http import Health
from cadran.runtime.lifecycle import run
from cadran.runtime.link_metrics import LinkMetrics
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry
from cadran.testbed.loop_bench.times import now_ns
from cadran.wire.e3_client import E3ClientSession
from cadran.wire.e3_session import serialise
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

FRAME, ARRIVED, DECODED, INFERRED, LEFT = range(5)
"""Columns of the notes: a frame's number, and times of the monotonic clock [ns]."""


class TimedAgent(DuAgent):
    """The agent; knows when its last step began and ended."""

    began_ns = ended_ns = 0

    def step(self, indication: Indication, act: bool = True) -> tuple[Action | None, Transition | None]:
        """As the agent, between two looks at the clock."""
        self.began_ns = now_ns()
        came = super().step(indication, act)
        self.ended_ns = now_ns()
        return came


class TimedDapp(DappService):
    """The service, with a timed agent.

    Attributes:
        notes: a row for each indication that came.
    """

    notes: list[tuple[int, int, int, int, int]]

    def on_indication(self, session: E3ClientSession, indication: e3ap_pb2.IndicationMessage) -> None:
        """As the service; notes what it took."""
        arrived_ns = now_ns()
        agent = self._timed_agent()
        super().on_indication(session, indication)
        self.notes.append((indication.frame, arrived_ns, agent.began_ns, agent.ended_ns, now_ns()))
        self._newest = indication

    def _timed_agent(self) -> TimedAgent:
        duty = self._known_duty()
        if not isinstance(duty.agent, TimedAgent):
            problem: Problem | HierarchicalProblem = duty.problem
            duty.agent = TimedAgent(self._settings.du, problem, duty.policies, self._settings.seed)
        return duty.agent

    def indication_bytes(self) -> int:
        """Length of the newest indication on the wire."""
        return len(serialise(1, "indication_message", self._newest))


def main(scenario: str, du: str, target: str, file: str) -> int:
    """Serves until SIGTERM; returns the process's exit status."""
    registry = new_registry("dapp")
    host, port = target.split(":")
    settings = DappSettings(scenario=Path(scenario), du=int(du), e3_connect=Address(host, int(port)))
    health = Health(["e3", "policy"])
    dapp = TimedDapp(
        settings=settings,
        spec=section(read_document(settings.scenario), "problem", ProblemSpec),
        hierarchy=None,
        rng=np.random.default_rng(settings.du),
        metrics=DappMetrics(registry),
        link_metrics=LinkMetrics(registry, "e3"),
        health=health,
        log=configure_logging("dapp", settings.du),
    )
    dapp.notes = []

    async def serve() -> int:
        try:
            await dapp.run()
        finally:
            np.savez(file, notes=np.array(dapp.notes, dtype=np.int64), bytes=dapp.indication_bytes())
        return 1

    return run(serve, health)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

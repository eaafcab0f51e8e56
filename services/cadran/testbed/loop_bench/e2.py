"""E2 controls: the RAN's own process with its E2 agents, and the E2 termination here, over loopback."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cadran.testbed.children import LATE_DUS
from cadran.testbed.loop_bench.processes import running
from cadran.testbed.loop_bench.ric import Ric
from cadran.testbed.loop_bench.size import Size
from cadran.testbed.loop_bench.times import as_object, now_ns, times_ms
from cadran.testbed.ports import LOOPBACK, free_ports
from cadran.wire.codecs import SLICES, Ratios, ratios_to_proto
from cadran.wire.e2_server import E2Server

START_S = 120.0
EFFECT_TIMEOUT_S = 5.0
# Either leaves the other slices what the RAN's own scheduler guarantees them.
_SHARES = (Ratios(0, 40, 100), Ratios(0, 20, 100))


@dataclass(frozen=True)
class ControlEffort:
    """How much is measured.

    Attributes:
        warm_up: controls that do not count.
        controls: controls in sequence, DU by DU.
        effects: controls of which the effect is waited for.
    """

    warm_up: int = 20
    controls: int = 500
    effects: int = 40


def bench_e2(size: Size, effort: ControlEffort, folder: Path) -> dict[str, Any]:
    """Slice quotas set over E2 while frames run in real time, and when KPM shows them.

    Args:
        size: the network; its DUs have no dApps, so that their own scheduler obeys the quotas.
        effort: how much is measured.
        folder: for the RAN's log.

    Returns:
        ``e2_control_ms``: request to acknowledgement with the outcome; ``effect_ms``: request to the first
        KPM report, of one frame each, with the new quota; ``effect_unseen``: controls without one in 5 s.

    Raises:
        TimeoutError: the RAN did not come.
    """
    return asyncio.run(_bench(size, effort, folder))


async def _bench(size: Size, effort: ControlEffort, folder: Path) -> dict[str, Any]:
    ric = Ric(report_period_ms=round(size.frame_ms))
    server = E2Server(f"{LOOPBACK}:0", ric)
    port = await server.start()
    nobody = {LATE_DUS: json.dumps(list(range(size.dus)))}
    with running([_command(size, port)], folder / "ransim.log", nobody):
        async with asyncio.timeout(START_S):
            await ric.reported_by(size.dus)
        for turn in range(effort.warm_up):
            await _control(ric, turn, size.dus)
        taken = [await _control(ric, turn, size.dus) for turn in range(effort.controls)]
        effects = [await _effect(ric, turn, size.dus) for turn in range(effort.effects)]
        await server.stop()
    seen = [effect for effect in effects if effect is not None]
    return {
        "e2_control_ms": as_object(times_ms(taken)),
        "effect_ms": as_object(times_ms(seen)),
        "effect_unseen": len(effects) - len(seen),
        "kpm_period_ms": round(size.frame_ms),
    }


async def _control(ric: Ric, turn: int, dus: int) -> int:
    """Sets the quota of a DU's first slice; returns how long that took [ns]."""
    share = _SHARES[turn // dus % len(_SHARES)]
    started_ns = now_ns()
    await ric.nodes[turn % dus].control_slice_quota([ratios_to_proto(share, SLICES[0])])
    return now_ns() - started_ns


async def _effect(ric: Ric, turn: int, dus: int) -> int | None:
    """Sets a quota other than the present one; returns how long until it was reported [ns]."""
    du = turn % dus
    await _settled(ric, du, turn, dus)
    before, started_ns = ric.quotas[du], now_ns()
    await _control(ric, turn + dus, dus)
    try:
        async with asyncio.timeout(EFFECT_TIMEOUT_S):
            return await ric.changed(du, before) - started_ns
    except TimeoutError:
        return None


async def _settled(ric: Ric, du: int, turn: int, dus: int) -> None:
    """Sets the other quota first, and waits until reports are of frames after it."""
    share = _SHARES[turn // dus % len(_SHARES)]
    outcome = await ric.nodes[du].control_slice_quota([ratios_to_proto(share, SLICES[0])])
    async with asyncio.timeout(EFFECT_TIMEOUT_S):
        await ric.reported_after(du, outcome.effective_frame)


def _command(size: Size, port: int) -> list[str]:
    e3, http = (f"{LOOPBACK}:{free}" for free in free_ports(2))
    command = ["cadran.ransim", "--scenario", str(size.path), "--pace", "realtime"]
    return [*command, "--e2-connect", f"{LOOPBACK}:{port}", "--e3-listen", e3, "--http", http]

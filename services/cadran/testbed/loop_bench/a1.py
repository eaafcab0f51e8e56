"""A1 round trips: an xApp's own process with its REST server and its Redis, a client here, over loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from cadran.testbed.loop_bench.processes import running
from cadran.testbed.loop_bench.size import Size
from cadran.testbed.loop_bench.times import as_object, now_ns, times_ms
from cadran.testbed.ports import LOOPBACK, free_ports
from cadran.testbed.redis_child import serving_redis

TYPE = "ORAN_SliceSLATarget_1.0.0"
PATH = f"/A1-P/v2/policytypes/{TYPE}/policies/bench"
START_S, TIMEOUT_S = 120.0, 10.0
WARM_UP = 20


def bench_a1(size: Size, rounds: int, folder: Path) -> dict[str, Any]:
    """Creates, changes, asks after and deletes a policy, again and again, on one connection.

    Args:
        size: the xApp's scenario; no DU is associated.
        rounds: of the four requests.
        folder: for Redis' data, the xApp's state and its log.

    Returns:
        Times of each request, by ``create``, ``update``, ``status`` and ``delete``; create and update are
        answered once the policy is on disk and in force.

    Raises:
        TimeoutError: the xApp did not come.
        httpx.HTTPStatusError: it refused a request.
    """
    with _xapp(size, folder) as base, httpx.Client(base_url=base, timeout=TIMEOUT_S) as client:
        _await(client)
        requests: dict[str, Callable[[int], httpx.Response]] = {
            "create": lambda turn: client.put(PATH, json=_policy(turn, 20)),
            "update": lambda turn: client.put(PATH, json=_policy(turn, 30)),
            "status": lambda _: client.get(f"{PATH}/status"),
            "delete": lambda _: client.delete(PATH),
        }
        taken: dict[str, list[int]] = {name: [] for name in requests}
        for turn in range(WARM_UP + rounds):
            for name, request in requests.items():
                started_ns = now_ns()
                request(turn).raise_for_status()
                if turn >= WARM_UP:
                    taken[name].append(now_ns() - started_ns)
    return {name: as_object(times_ms(own)) for name, own in taken.items()}


def _policy(turn: int, delay_ms: int) -> dict[str, Any]:
    return {
        "scope": {"sliceId": {"sst": 1, "plmnId": {"mcc": "001", "mnc": "01"}}},
        "sliceSlaObjectives": {"maxDlPacketDelayPerUe": delay_ms + turn % 10},
    }


def _await(client: httpx.Client) -> None:
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        try:
            if client.get("/A1-P/v2/policytypes").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"the xApp did not serve A1 in {START_S:g} s")


@contextmanager
def _xapp(size: Size, folder: Path) -> Iterator[str]:
    rest, e2 = (f"{LOOPBACK}:{port}" for port in free_ports(2))
    data, state = folder / "redis", folder / "xapp"
    data.mkdir()
    state.mkdir()
    with serving_redis(data) as url:
        command = ["cadran.xapp", "--scenario", str(size.path), "--no-learn", "--e2-listen", e2]
        places = ["--rest", rest, "--redis", url, "--state-dir", str(state)]
        with running([[*command, *places]], folder / "xapp.log"):
            yield f"http://{rest}"

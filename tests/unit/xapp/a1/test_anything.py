"""Whatever comes over A1-P is answered, with problem details where it fails, never with a fault of ours."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from .scene import FRAME, QOS, SLA, Scene, path, qos, sla

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, 1, 2, 3, 255, 256, 1.0, 1e9, 1e-3, -1, 2**63, 10**400])
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8), st.just("\ud800"))
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=8
)
SLA_NAMES = ("guaDlThptPerSlice", "maxDlThptPerSlice", "maxDlPacketDelayPerUe", "dlSlicePriority", "odd")
QOS_NAMES = ("gfbr", "mfbr", "pdb", "priorityLevel", "odd")


@st.composite
def nearly_policies(draw: st.DrawFn) -> tuple[str, Any]:
    """Policies with at most a few faults, of either type."""
    sst = draw(st.sampled_from([1, 2, 3, 1, 2, 3, 9]))
    if draw(st.booleans()):
        policy: dict[str, Any] = qos(sst, **draw(st.dictionaries(st.sampled_from(QOS_NAMES), NUMBERS)))
        type_id = QOS
    else:
        cells = draw(st.none() | st.lists(st.integers(-1, FRAME.dus + 1)))
        policy = sla(sst, cells, **draw(st.dictionaries(st.sampled_from(SLA_NAMES), NUMBERS)))
        type_id = SLA
    if draw(st.booleans()):
        place = draw(st.sampled_from(["scope", "sliceSlaObjectives", "qosObjectives", "other"]))
        policy[place] = draw(ANYTHING)
    return type_id, policy


def sent(type_id: str, content: bytes, destination: str | None = None) -> httpx.Response:
    """The answer to a PUT, after which measurements come and the status is asked for."""

    async def put(folder: Path) -> httpx.Response:
        scene = Scene(folder)
        params = {} if destination is None else {"notificationDestination": destination}
        headers = {"content-type": "application/json"}
        async with scene.http() as http:
            answer = await http.put(path("p", type_id), content=content, headers=headers, params=params)
            scene.measure(ues=2.0, offered_kbit=9e3, delivered_kbit=8e3, delay_ms=9.0, se=4.0)
            status = await http.get(path("p", type_id) + "/status")
            assert status.status_code == (200 if answer.status_code == 201 else 404)
            return answer

    with TemporaryDirectory() as folder:
        return asyncio.run(put(Path(folder)))


def is_answered(answer: httpx.Response) -> None:
    if answer.status_code == 201:
        return
    assert answer.status_code in (400, 413)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@settings(max_examples=60, deadline=None)
@given(nearly_policies())
def test_what_is_nearly_a_policy_is_taken_or_refused(policy: tuple[str, Any]) -> None:
    type_id, body = policy
    is_answered(sent(type_id, json.dumps(body).encode()))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=64), ANYTHING.map(lambda value: json.dumps(value).encode())))
def test_bytes_are_refused(content: bytes) -> None:
    answer = sent(SLA, content)
    is_answered(answer)
    assert answer.status_code != 201


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=64), st.from_regex(r"https?://[^/]*(/.*)?", fullmatch=True)))
def test_destinations_are_taken_or_refused(destination: str) -> None:
    try:
        destination.encode()
    except UnicodeEncodeError:
        return
    is_answered(sent(SLA, json.dumps(sla(guaDlThptPerSlice=1)).encode(), destination))

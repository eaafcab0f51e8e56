"""Two sides agree on the newest version that both speak, or refuse each other and say what they speak."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.wire.causes import WireError, from_proto
from cadran.wire.e3_session import E3_SERVICE, parse, serialise
from cadran.wire.e3_versions import SPOKEN, Version, negotiate, offered, parse_version
from cadran.wire.gen.e2sm.v1 import common_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

from .parties import Counters, Dapp, Du, dapp_client, e3_server, raw, running, until

versions = st.builds(Version, st.integers(0, 3), st.integers(0, 5))
offers = st.lists(versions, min_size=1, max_size=4)


def _spoken(newest: list[Version]) -> set[Version]:
    """Every version that one who offers these speaks, one by one."""
    return {Version(one.major, minor) for one in newest for minor in range(one.minor + 1)}


@given(offers, offers)
def test_the_newest_common_version_is_agreed_on(theirs: list[Version], ours: list[Version]) -> None:
    common = _spoken(theirs) & _spoken(ours)
    if common:
        assert negotiate(theirs, ours) == max(common) == negotiate(ours, theirs)
    else:
        with pytest.raises(WireError) as refused:
            negotiate(theirs, ours)
        assert refused.value.cause.label == "dapp/protocol-version-unsupported"
        assert all(str(version) in refused.value.cause.text for version in [*theirs, *ours])


@given(versions)
def test_a_version_reads_as_it_is_written(version: Version) -> None:
    assert parse_version(str(version)) == version


@given(st.text(max_size=12))
def test_any_text_is_a_version_or_refused(text: str) -> None:
    with suppress(WireError):
        assert str(parse_version(text)) == text


def test_a_list_goes_before_the_single_version_and_has_an_end() -> None:
    assert offered(["2.0", "1.3"], "1.0") == (Version(2, 0), Version(1, 3))
    assert offered([], "1.0") == (Version(1, 0),)
    with pytest.raises(WireError):
        offered(["1.0"] * 17, "1.0")


async def _setup(du: Du, **fields: Any) -> tuple[e3ap_pb2.SetupResponse, Counters]:
    """A DU's answer to a setup request with these fields."""
    counters = Counters()
    async with e3_server(du, counters) as (_, port), raw(port, E3_SERVICE) as call:
        await call.write(serialise(1, "setup_request", e3ap_pb2.SetupRequest(dapp_id=1, **fields)))
        return parse(await call.read()).setup_response, counters


@pytest.mark.parametrize(
    ("fields", "agreed"),
    [
        ({"e3ap_protocol_version": "1.0"}, "1.0"),  # a dApp that knows of no list
        ({"e3ap_protocol_version": "1.0", "supported_versions": ["1.1"]}, "1.1"),
        ({"supported_versions": ["0.9", "1.9", "2.3"]}, "1.1"),
    ],
)
async def test_the_du_answers_the_newest_common_version(fields: dict[str, Any], agreed: str) -> None:
    response, _ = await _setup(Du(), **fields)
    assert response.response_code == common_pb2.RESPONSE_CODE_POSITIVE
    assert response.e3ap_protocol_version == agreed
    assert list(response.supported_versions) == [str(version) for version in SPOKEN]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"e3ap_protocol_version": "2.0"}, "dapp/protocol-version-unsupported"),
        ({"supported_versions": ["0.9", "7.1"]}, "dapp/protocol-version-unsupported"),
        ({"e3ap_protocol_version": "newest"}, "protocol/semantic-error"),
        ({}, "protocol/semantic-error"),
    ],
)
async def test_a_refusal_names_the_cause_and_what_the_du_speaks(fields: dict[str, Any], cause: str) -> None:
    du = Du()
    response, counters = await _setup(du, **fields)
    assert response.response_code == common_pb2.RESPONSE_CODE_NEGATIVE
    assert from_proto(response.cause).label == cause
    assert list(response.supported_versions) == [str(version) for version in SPOKEN]
    assert counters.seen["closed", "e3", cause] == 1
    assert du.events == []


async def test_a_du_of_version_1_0_is_served_and_asked_for_no_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cadran.wire.e3_server.SPOKEN", (Version(1, 0),))
    monkeypatch.setattr("cadran.wire.e3_server.negotiate", lambda theirs: negotiate(theirs, [Version(1, 0)]))
    du, dapp, counters = Du(), Dapp(), Counters()
    async with e3_server(du) as (server, port), running(dapp_client(port, dapp, counters)):
        await until(lambda: dapp.session)
        server.sessions[0].send_indication(e3ap_pb2.IndicationMessage(frame=4))
        await until(lambda: ("action", 4) in du.events)
    assert ("sent", "e3", "subscription_request") not in counters.seen


@pytest.mark.parametrize("chosen", ["1.7", "2.0", ""])
async def test_a_dapp_works_with_no_version_that_it_does_not_speak(
    chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cadran.wire.e3_server.negotiate", lambda theirs: chosen)
    monkeypatch.setattr("cadran.wire.e3_server.parse_version", lambda text: Version(1, 0))
    dapp = Dapp()
    async with e3_server(Du()) as (_, port), running(dapp_client(port, dapp)):
        await until(lambda: dapp.closed)
    expected = "dapp/protocol-version-unsupported" if chosen else "protocol/semantic-error"
    assert dapp.closed[0].label == expected
    assert dapp.session is None

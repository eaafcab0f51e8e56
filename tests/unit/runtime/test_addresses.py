import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.runtime import Address, parse_address

hosts = st.one_of(
    st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str), st.sampled_from(["du-0", "a.b.c"])
)


@given(hosts, st.integers(0, 65535))
def test_an_address_round_trips(host: str, port: int) -> None:
    assert parse_address(str(Address(host, port))) == Address(host, port)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("localhost", "must read host:port"),
        (":80", "must read host:port"),
        ("host:", "the port must be"),
        ("host:x", "the port must be"),
        ("host:65536", "the port must be"),
        ("host:-1", "the port must be"),
        ("host:\u0663", "the port must be"),
        ("::1:80", "in brackets"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_address(text)

"""Every reader of bytes over its seeds and bounded mutations of them; `make test-fuzz` goes on from here."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.policy import PolicyError, decode
from cadran.policy.meta import PolicyMeta
from cadran.policy.sealed import seal
from cadran.policy.two_level import KIND
from cadran.replay import TransitionSchema
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

from .all_targets import all_targets
from .made import policy
from .target import SEPARATOR, Target, joined


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return all_targets(tmp_path_factory.mktemp("fuzz"))


def test_every_target_takes_its_own_seeds(targets: dict[str, Target]) -> None:
    for target in targets.values():
        assert target.seeds(), target.name
        for seed in target.seeds():
            target.run(seed)


def _mutated(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """A seed with pieces replaced; its messages may be repeated, left out or change places."""

    @st.composite
    def draw_one(draw: st.DrawFn) -> bytes:
        messages = draw(st.sampled_from(seeds)).split(SEPARATOR)
        order = draw(st.lists(st.integers(0, len(messages) - 1), max_size=6))
        data = SEPARATOR.join(messages[:2] + [messages[at] for at in order])
        for _ in range(draw(st.integers(0, 3))):
            start = draw(st.integers(0, len(data)))
            data = data[:start] + draw(st.binary(max_size=8)) + data[start + draw(st.integers(0, 8)) :]
        return data

    return draw_one() | st.binary(max_size=64)


def test_no_bytes_break_a_target(targets: dict[str, Target]) -> None:
    for target in targets.values():

        @settings(max_examples=15, database=None)
        @given(_mutated(target.seeds()))
        def holds(run: Callable[[bytes], None], data: bytes) -> None:
            run(data)

        holds(target.run)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("fingerprint", b"s" + b"9" * 40 + b".a1.k0.00000000"),
        ("fingerprint", b"s" + b"9" * 5000 + b".a1.k0.00000000"),
        ("redis-format", TransitionSchema(3, 2, 1).fingerprint.encode() + "/²".encode()),
        ("redis-identity", b"short"),
        ("registry-mirror", b'{"newest": 1}'),
        ("xapp-checkpoint", b"deep"),
        ("learner", b"\x08\0\0\0\0\0\0\0" + b"[" * 8),
        ("learner", b"\x02\0\0\0\0\0\0\0{}"),
        ("breakers", b"[" * 100_000),
        ("breakers", b'{"0": {"state": "open", "manual": true, "proven": true, "wait_s": NaN}}'),
        (
            "breakers",
            b'{"0": {"state": "open", "manual": true, "proven": true, "wait_s": 1' + b"0" * 400 + b"}}",
        ),
        ("policy-targets", b"[" * 100_000),
        ("policy-targets", b'{"0": {"version": 1, "delivery": "many", "pinned": true}}'),
        ("audit", b"[" * 100_000 + b"\n"),
        ("trace-records", b"\x08\x05\x32\x00"),
    ],
)
def test_what_was_found_stays_repaired(targets: dict[str, Target], name: str, data: bytes) -> None:
    targets[name].run(data)


@pytest.mark.parametrize(
    "facts", [{"rbs": 0}, {"ues_per_slice": 2**32 - 1}, {"frame_s": float("nan")}, {"dus": 0}]
)
def test_a_dapp_bears_facts_of_no_ran(targets: dict[str, Target], facts: dict[str, float]) -> None:
    target = targets["e3-at-the-dapp"]
    for seed in target.seeds():
        first, *rest = seed.split(SEPARATOR)
        pdu = e3ap_pb2.E3Pdu.FromString(first)
        for name, value in facts.items():
            setattr(pdu.setup_response.ran_facts, name, value)
        target.run(joined(pdu.SerializeToString(), *rest))


def test_a_node_may_ask_twice_for_the_end_of_a_subscription(targets: dict[str, Target]) -> None:
    target = targets["e2-at-the-xapp"]
    for seed in target.seeds():
        *before, last = seed.split(SEPARATOR)
        target.run(joined(*before, last, last, last))


def test_a_damaged_line_of_the_audit_log_is_left_out(targets: dict[str, Target]) -> None:
    (line,) = targets["audit"].seeds()
    for field, value in (("number", "one"), ("unix_s", None), ("values", 3), ("du", 1e400)):
        targets["audit"].run(json.dumps(json.loads(line) | {field: value}).encode() + b"\n")


def test_numbers_of_a_checkpoint_may_be_beyond_any(targets: dict[str, Target]) -> None:
    for name in ("xapp-checkpoint", "rapp-checkpoint"):
        (seed,) = targets[name].seeds()
        for old, new in ((b"1, ", b"Infinity, "), (b"5.0", b"1" + b"0" * 400), (b"6.0", b"1" + b"0" * 400)):
            changed = seed[16:].replace(old, new, 1)
            length = len(changed) - len(b"learner")
            targets[name].run(seed[:8] + length.to_bytes(8, "little") + changed)


@pytest.mark.parametrize(
    "change", [{"version": 2**32}, {"effective_frame": 2**32}, {"created_unix_s": 10**400}]
)
def test_a_policy_names_no_number_that_the_wire_has_no_room_for(change: dict[str, int]) -> None:
    meta, _ = decode(policy())
    assert isinstance(meta, PolicyMeta)
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(meta, **change)  # type: ignore[arg-type]
    text = json.dumps(json.loads(meta.to_json()) | change)
    with pytest.raises(PolicyError, match="corrupt"):
        decode(seal(KIND, "cadran-policy-1", text, {"weight": np.zeros(1, np.float32)}))

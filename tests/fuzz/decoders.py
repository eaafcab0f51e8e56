"""Decoders of messages, artefacts, rows and bodies."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from typing import Any

import torch
from google.protobuf.message import DecodeError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from cadran.dapp import PolicySlot
from cadran.learn import checkpoint as learner_state
from cadran.policy import PolicyError, decode
from cadran.policy.initialisation import decode_initialisation
from cadran.replay import ReplayError, TransitionSchema
from cadran.replay.redis_protocol import parse_format, parse_identity
from cadran.rest.bodies import json_object
from cadran.runtime.yaml_loader import YamlError, load_yaml
from cadran.wire.causes import WireError
from cadran.wire.chunks import Artefact, Assembler, split
from cadran.wire.codecs import SLICES, measurements_from_proto, ratios_from_proto
from cadran.wire.decision_codecs import decision_from_proto
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2
from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.kpm_actions import Condition, KpmAction, UeTest, read_action, read_trigger, trigger
from cadran.wire.trace.file import FORMAT, VERSION, DamageError, framed
from cadran.wire.trace.file import read as read_trace
from cadran.wire.trace.text import lines
from cadran.wire.user_codecs import user_measurements_from_proto
from cadran.xapp.a1.policy_types import InvalidPolicyError, policy_types
from cadran.xapp.a1.statements import read as read_statements

from .made import FRAME, PROBLEM, SCHEMA, initialisation, policy, rows
from .target import Target, cut, joined, reads

PERIOD_MS = 100
_UNPARSED = (DecodeError, UnicodeDecodeError)  # of protobuf in C, and in Python
_ACTIONS = [
    KpmAction(1, ("RRU.PrbUsedDl",)),
    KpmAction(5, ("RRU.PrbUsedDl",), ue_ids=(1, 2)),
    KpmAction(3, conditions=(Condition("RRU.PrbUsedDl", (UeTest(slice=SLICES[0]),)),)),
]
_A1 = policy_types()
_A1_POLICY = {
    "scope": {"sliceId": {"sst": 1, "sd": "FFFFFF", "plmnId": {"mcc": "001", "mnc": "01"}}},
    "sliceSlaObjectives": {"guaDlThptPerSlice": 5000, "maxDlPacketDelayPerUe": 20},
    "sliceSlaResources": {"cellIdList": [{"plmnId": {"mcc": "001", "mnc": "01"}, "cId": {"ncI": 0}}]},
}


def _measurements(data: bytes) -> None:
    message = measurements_pb2.Measurements.FromString(data)
    measurements_from_proto(message, FRAME.slices, FRAME.ues_per_slice)
    user_measurements_from_proto(message, FRAME.slices, FRAME.ues_per_slice)


def _decision(data: bytes) -> None:
    decision_from_proto(e3ap_pb2.DAppControlAction.FromString(data), FRAME.rbs, FRAME.ues_per_slice)


def _ratios(data: bytes) -> None:
    ratios_from_proto(rc_pb2.RcControlMessage.FromString(data).rrm_policy_ratio_list)


def _chunks(data: bytes) -> None:
    assembler, slot = Assembler(0), PolicySlot(0, PROBLEM)
    for one in cut(data):
        try:
            artefact = assembler.add(dapp_pb2.PolicyChunk.FromString(one))
            if artefact is not None:
                slot.install(artefact.data, artefact.delivery, artefact.effective_frame)
        except (*_UNPARSED, WireError, PolicyError):
            continue


def _chunk_seeds() -> list[bytes]:
    chunks = [one.SerializeToString() for one in split(Artefact(0, "actor", 1, 1, 0, policy()))]
    return [joined(*chunks), joined(chunks[0], chunks[0]), b"\x08\x01"]


def _learner_state(data: bytes) -> None:
    # The digest is no part of what is fuzzed: whoever damages a file by accident does not repair it.
    learner_state.unpack(hashlib.sha256(data).digest() + data)


def _body(data: bytes) -> None:
    json_object(Request({"type": "http", "headers": []}), data)


def _a1_policy(data: bytes) -> None:
    found: dict[str, Any] = json_object(Request({"type": "http", "headers": []}), data)
    for type_id, one in _A1.items():
        try:
            one.check(found)
            read_statements(type_id, found)
        except InvalidPolicyError:
            continue


_HEADER = trace_pb2.Record(monotonic_ns=1, header=trace_pb2.Header(format=FORMAT, version=VERSION))


def _trace(data: bytes) -> None:
    for line in lines(read_trace(BytesIO(data))):
        assert line.time_s is not None


def _trace_records(data: bytes) -> None:
    """A file whose checksums are right, whatever its records say."""
    records = b""
    for one in cut(data):
        try:
            records += framed(trace_pb2.Record.FromString(one))
        except _UNPARSED:
            continue
    with suppress(DamageError):
        _trace(framed(_HEADER) + records)


def _trace_seeds() -> list[bytes]:
    opened = trace_pb2.Opened(association=1, interface=trace_pb2.INTERFACE_E2, peer="127.0.0.1:1")
    setup = e2ap_pb2.E2SetupRequest(global_e2_node_id=e2ap_pb2.GlobalE2NodeId(gnb_du_id=1))
    pdu = trace_pb2.Pdu(
        association=1,
        interface=trace_pb2.INTERFACE_E2,
        direction=trace_pb2.DIRECTION_SENT,
        data=e2ap_pb2.E2apPdu(e2_setup_request=setup).SerializeToString(),
    )
    exchange = trace_pb2.Exchange(method="PUT", path="/A1-P", request_body=b"{}", status=201)
    records = [
        trace_pb2.Record(monotonic_ns=2, opened=opened),
        trace_pb2.Record(monotonic_ns=3, pdu=pdu),
        trace_pb2.Record(monotonic_ns=4, exchange=exchange),
        trace_pb2.Record(monotonic_ns=5, closed=trace_pb2.Closed(association=1)),
    ]
    return [one.SerializeToString() for one in records] + [
        joined(*(one.SerializeToString() for one in records))
    ]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _rising(data: bytes) -> None:
    found = SCHEMA.decode(data)
    assert all(a.dtype == b.dtype for a, b in pairwise(found))
    assert SCHEMA.encode(found) == data


def targets() -> list[Target]:
    """All decoders."""
    learner = learner_state.pack({"weight": torch.zeros(2)}, {"updates": 1})[32:]
    return [
        reads(
            "kpm-action",
            lambda data: read_action(data, PERIOD_MS),
            (WireError,),
            [one.to_proto(PERIOD_MS).SerializeToString() for one in _ACTIONS],
        ),
        reads("kpm-trigger", read_trigger, (WireError,), [trigger(PERIOD_MS)]),
        reads("measurements", _measurements, (WireError, *_UNPARSED), [b""]),
        reads("decision", _decision, (WireError, *_UNPARSED), [b""]),
        reads("ratios", _ratios, (WireError, *_UNPARSED), [b""]),
        Target("chunks", _chunks, _chunk_seeds),
        reads("policy", decode, (PolicyError,), [policy(), policy(2, (2, 2))]),
        reads("initialisation", decode_initialisation, (PolicyError,), [initialisation()]),
        reads("learner", _learner_state, (learner_state.CheckpointError,), [learner]),
        reads("rows", _rising, (ReplayError,), [b"", SCHEMA.encode(rows(0, 2))]),
        reads(
            "fingerprint",
            lambda data: TransitionSchema.from_fingerprint(_text(data)).dtype,
            (ReplayError,),
            [SCHEMA.fingerprint.encode()],
        ),
        reads(
            "redis-format",
            lambda data: parse_format(_text(data)),
            (ReplayError,),
            [f"{SCHEMA.fingerprint}/100".encode()],
        ),
        reads("redis-identity", parse_identity, (ReplayError,), [bytes(12)]),
        reads("rest-body", _body, (HTTPException,), [b'{"version": 1}']),
        reads("a1-policy", _a1_policy, (HTTPException,), [json.dumps(_A1_POLICY).encode()]),
        reads("trace-file", _trace, (DamageError,), [framed(_HEADER), framed(_HEADER) + framed(_HEADER)]),
        Target("trace-records", _trace_records, _trace_seeds),
        reads("yaml", lambda data: load_yaml(_text(data)), (YamlError,), [b"world: {dus: 2}\n"]),
    ]

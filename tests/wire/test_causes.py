"""Causes: the names and indices of E2AP, and that nothing unset ever reads as success."""

from __future__ import annotations

import pytest

from cadran.wire.causes import CAUSES, Cause, from_proto
from cadran.wire.gen.e2ap.v1 import cause_pb2, e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, kpm_pb2, rc_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2

# The ASN.1 of E2AP v3.01, in its order from index 0.
ASN1 = {
    "ric_request": """ran-function-id-invalid action-not-supported excessive-actions duplicate-action
        duplicate-event-trigger function-resource-limit request-id-unknown
        inconsistent-action-subsequent-action-sequence control-message-invalid ric-call-process-id-invalid
        control-timer-expired control-failed-to-execute system-not-ready unspecified
        ric-subscription-end-time-expired ric-subscription-end-time-invalid duplicate-ric-request-id
        eventTriggerNotSupported requested-information-unavailable invalid-information-request""",
    "ric_service": "ran-function-not-supported excessive-functions ric-resource-limit",
    "e2_node": "e2node-component-unknown",
    "transport": "unspecified transport-resource-unavailable",
    "protocol": """transfer-syntax-error abstract-syntax-error-reject
        abstract-syntax-error-ignore-and-notify message-not-compatible-with-receiver-state semantic-error
        abstract-syntax-error-falsely-constructed-message unspecified""",
    "misc": "control-processing-overload hardware-failure om-intervention unspecified",
}
EVERY = [Cause(group, name, "why") for group, names in CAUSES.items() for name in names.values()]
FILES = (cause_pb2, e2ap_pb2, common_pb2, dapp_pb2, kpm_pb2, rc_pb2, e3ap_pb2, measurements_pb2)


@pytest.mark.parametrize("group", ASN1)
def test_wire_number_is_the_asn1_index_plus_one(group: str) -> None:
    by_index = dict(enumerate(ASN1[group].split(), start=1))
    assert CAUSES[group] == by_index


@pytest.mark.parametrize("cause", EVERY, ids=str)
def test_every_cause_survives_the_wire(cause: Cause) -> None:
    message = cause_pb2.Cause.FromString(cause.to_proto().SerializeToString())
    assert from_proto(message) == cause


def test_missing_and_unknown_causes_become_unspecified() -> None:
    assert from_proto(cause_pb2.Cause()).label == "misc/unspecified"
    newer = cause_pb2.Cause(ric_request=99)  # type: ignore[arg-type]
    assert from_proto(newer).label == "misc/unspecified"
    assert "99" in from_proto(newer).text


@pytest.mark.parametrize(("group", "name"), [("ric_request", "no-such"), ("nowhere", "unspecified")])
def test_unknown_names_are_refused_with_what_is_allowed(group: str, name: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        Cause(group, name)


@pytest.mark.parametrize("module", FILES, ids=lambda module: module.__name__.rsplit(".", 1)[-1])
def test_zero_of_every_enum_is_unspecified(module: object) -> None:
    descriptor = module.DESCRIPTOR  # type: ignore[attr-defined]
    for enum in descriptor.enum_types_by_name.values():
        assert enum.values_by_number[0].name.endswith("_UNSPECIFIED"), enum.full_name


def test_an_empty_answer_never_reads_as_success() -> None:
    assert e3ap_pb2.SetupResponse().response_code != common_pb2.RESPONSE_CODE_POSITIVE
    assert dapp_pb2.DappReportAck().response_code != common_pb2.RESPONSE_CODE_POSITIVE
    assert dapp_pb2.PolicyStatus().response_code != common_pb2.RESPONSE_CODE_POSITIVE

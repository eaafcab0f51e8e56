"""KPM report actions: definitions as the RIC writes them, and as the node reads and checks them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan

from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import SNssai, s_nssai_from_proto, s_nssai_to_proto
from cadran.wire.e2_session import decode
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_ue import UE_MEASUREMENTS

#: Report styles of E2SM-KPM that are served.
E2_NODE, CONDITION_BASED, MULTIPLE_UES = 1, 3, 5
STYLE_NAMES = {
    E2_NODE: "E2 Node Measurement",
    CONDITION_BASED: "Condition-based, UE-level E2 Node Measurement",
    MULTIPLE_UES: "E2 Node measurement for multiple UEs",
}
MAX_CONDITIONS, MAX_TESTS, MAX_UES = 64, 16, 1024

_EXPRESSIONS = {
    kpm_pb2.KPM_TEST_EXPRESSION_EQUAL: "==",
    kpm_pb2.KPM_TEST_EXPRESSION_GREATERTHAN: ">",
    kpm_pb2.KPM_TEST_EXPRESSION_LESSTHAN: "<",
}


@dataclass(frozen=True)
class UeTest:
    """What must hold for a UE.

    Attributes:
        slice: it is of this slice, or None.
        meas_name: the measurement of it that is compared, empty for a slice.
        expression: ``==``, ``>`` or ``<``.
        value: in the measurement's unit.
    """

    slice: SNssai | None = None
    meas_name: str = ""
    expression: str = "=="
    value: float = 0.0

    def holds(self, measured: float) -> bool:
        """Whether a value passes; NaN, which is no value, never does."""
        match self.expression:
            case ">":
                return measured > self.value
            case "<":
                return measured < self.value
            case _:
                return measured == self.value


@dataclass(frozen=True)
class Condition:
    """A measurement over the UEs for which all tests hold."""

    meas_name: str
    tests: tuple[UeTest, ...]


@dataclass(frozen=True)
class KpmAction:
    """What one KPM report action asks for.

    Attributes:
        style: report style 1, 3 or 5.
        meas_names: of styles 1 and 5.
        conditions: of style 3.
        ue_ids: RAN UE IDs, of style 5.
    """

    style: int
    meas_names: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    ue_ids: tuple[int, ...] = ()

    def to_proto(self, period_ms: int) -> kpm_pb2.KpmActionDefinition:
        """The action definition."""
        return kpm_pb2.KpmActionDefinition(
            ric_style_type=self.style,
            meas_names=self.meas_names,
            granul_period_ms=period_ms,
            meas_cond_list=[condition_to_proto(one) for one in self.conditions],
            matching_ue_id_list=self.ue_ids,
        )


def trigger(period_ms: int) -> bytes:
    """The event trigger of a report every `period_ms`."""
    return kpm_pb2.KpmEventTriggerDefinition(reporting_period_ms=period_ms).SerializeToString()


def condition_to_proto(condition: Condition) -> kpm_pb2.KpmMeasurementCondition:
    """The protobuf form."""
    message = kpm_pb2.KpmMeasurementCondition(meas_name=condition.meas_name)
    for test in condition.tests:
        entry = message.matching_cond.add(
            test_expr=next(number for number, sign in _EXPRESSIONS.items() if sign == test.expression)
        )
        if test.slice is not None:
            entry.s_nssai.CopyFrom(s_nssai_to_proto(test.slice))
        else:
            entry.meas_name, entry.test_value = test.meas_name, test.value
    return message


def read_trigger(data: bytes) -> int:
    """The reporting period in ms. Raises `WireError` when it is malformed or zero."""
    period_ms = decode(kpm_pb2.KpmEventTriggerDefinition, data, "KPM event trigger").reporting_period_ms
    if period_ms == 0:
        text = "reporting period 0 ms; 1..4294967295"
        raise WireError(Cause("ric_request", "eventTriggerNotSupported", text))
    return period_ms


def read_action(data: bytes, period_ms: int) -> KpmAction:
    """An action definition as the node serves it.

    Raises:
        WireError: malformed, or ric_request/action-not-supported with what is allowed.
    """
    kpm = decode(kpm_pb2.KpmActionDefinition, data, "KPM action definition")
    if kpm.granul_period_ms != period_ms:
        text = f"granularity period {kpm.granul_period_ms} ms; only the reporting period, {period_ms} ms"
        raise _unsupported(text)
    match kpm.ric_style_type:
        case 1:
            return KpmAction(E2_NODE, _names(kpm.meas_names, tuple(REGISTRY)))
        case 3:
            return KpmAction(CONDITION_BASED, conditions=_conditions(kpm.meas_cond_list))
        case 5:
            names = _names(kpm.meas_names, UE_MEASUREMENTS)
            return KpmAction(MULTIPLE_UES, names, ue_ids=_ues(kpm.matching_ue_id_list))
    raise _unsupported(f"KPM style {kpm.ric_style_type}; {sorted(STYLE_NAMES)} are served")


def _names(names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    listed = tuple(names)
    unknown = [name for name in listed if name not in known]
    if unknown or not 1 <= len(listed) <= len(known):
        raise _unsupported(f"{len(listed)} measurements, not served: {unknown[:4]}; 1..{len(known)}")
    return listed


def _conditions(listed: Sequence[kpm_pb2.KpmMeasurementCondition]) -> tuple[Condition, ...]:
    if not 1 <= len(listed) <= MAX_CONDITIONS:
        raise _unsupported(f"{len(listed)} conditions; 1..{MAX_CONDITIONS}")
    found = []
    for one in listed:
        if not 1 <= len(one.matching_cond) <= MAX_TESTS:
            raise _unsupported(f"{len(one.matching_cond)} matching conditions; 1..{MAX_TESTS}")
        (name,) = _names([one.meas_name], UE_MEASUREMENTS)
        found.append(Condition(name, tuple(_test(entry) for entry in one.matching_cond)))
    return tuple(found)


def _test(entry: kpm_pb2.KpmTestCondition) -> UeTest:
    sign = _EXPRESSIONS.get(entry.test_expr)
    if sign is None:
        raise _unsupported(f"test expression {entry.test_expr}; {sorted(_EXPRESSIONS)} are served")
    if entry.WhichOneof("test_type") == "meas_name":
        (name,) = _names([entry.meas_name], UE_MEASUREMENTS)
        if isnan(entry.test_value):
            raise _unsupported("a test value that is no number")
        return UeTest(meas_name=name, expression=sign, value=entry.test_value)
    if not entry.HasField("s_nssai") or sign != "==":
        raise _unsupported("a test of neither a measurement nor an S-NSSAI that is EQUAL")
    return UeTest(slice=s_nssai_from_proto(entry.s_nssai))


def _ues(ids: Sequence[int]) -> tuple[int, ...]:
    if not 2 <= len(ids) <= MAX_UES or len(set(ids)) != len(ids):
        raise _unsupported(f"{len(ids)} UEs, {len(set(ids))} different; 2..{MAX_UES}, each once")
    return tuple(ids)


def _unsupported(text: str) -> WireError:
    return WireError(Cause("ric_request", "action-not-supported", text))

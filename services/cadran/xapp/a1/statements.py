"""What a policy says, of either type, in one form and in SI units: whom it is about, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cadran.wire.codecs import SNssai
from cadran.xapp.a1.policy_types import SLICE_SLA, InvalidPolicyError

GUARANTEED = "guaranteed throughput"
MAXIMUM = "maximum throughput"
GUARANTEED_PER_UE = "guaranteed throughput per UE"
DELAY = "delay"

_KBIT, _MS = 1e3, 1e-3
_UNDERSTOOD: Mapping[str, tuple[str, float]] = {
    "guaDlThptPerSlice": (GUARANTEED, _KBIT),
    "maxDlThptPerSlice": (MAXIMUM, _KBIT),
    "maxDlPacketDelayPerUe": (DELAY, _MS),
    "gfbr": (GUARANTEED_PER_UE, _KBIT),
    "pdb": (DELAY, _MS),
}
"""Statements that can have an effect, with what they mean and the factor to SI units."""


@dataclass(frozen=True)
class Cell:
    """A cell by its PLMN (digits) and its NR cell identity."""

    plmn: str
    nci: int


@dataclass(frozen=True)
class Scope:
    """Whom a policy is about.

    Attributes:
        slice: The S-NSSAI; None: the policy names no slice.
        plmn: Digits of MCC and MNC; None with the slice.
        cells: Cells that it is about; None: all.
        narrower: Names of what narrows the scope to something that no E2 node here tells apart.
    """

    slice: SNssai | None
    plmn: str | None
    cells: tuple[Cell, ...] | None
    narrower: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One objective.

    Attributes:
        name: As the policy type calls it.
        meaning: One of this module's meanings; None: nothing here can act on it.
        value: In bit/s or s; 0 where it has no meaning.
    """

    name: str
    meaning: str | None
    value: float


@dataclass(frozen=True)
class Said:
    """A policy, read.

    Attributes:
        scope: Whom it is about.
        statements: What it asks for, in the policy's order.
    """

    scope: Scope
    statements: tuple[Statement, ...]

    def value(self, meaning: str) -> float | None:
        """Of the statement with a meaning, in SI units; None if there is none."""
        return next((one.value for one in self.statements if one.meaning == meaning), None)


def read(type_id: str, policy: Mapping[str, Any]) -> Said:
    """Read a policy that fits the schema of its type.

    Raises:
        InvalidPolicyError: Its statements contradict each other.
    """
    objectives = policy["sliceSlaObjectives" if type_id == SLICE_SLA else "qosObjectives"]
    said = Said(_scope(type_id, policy), tuple(_statement(*item) for item in objectives.items()))
    guaranteed, most = said.value(GUARANTEED), said.value(MAXIMUM)
    if guaranteed is not None and most is not None and guaranteed > most:
        raise InvalidPolicyError(
            f"sliceSlaObjectives: guaDlThptPerSlice {guaranteed / _KBIT:g} is above maxDlThptPerSlice "
            f"{most / _KBIT:g}"
        )
    return said


def _statement(name: str, value: float) -> Statement:
    meaning, factor = _UNDERSTOOD.get(name, (None, 0.0))
    return Statement(name, meaning, value * factor)


def _scope(type_id: str, policy: Mapping[str, Any]) -> Scope:
    scope = policy["scope"]
    named = scope.get("sliceId")
    resources = policy.get("sliceSlaResources", {}) if type_id == SLICE_SLA else scope
    narrower = [key for key in ("ueId", "groupId", "qosId", "taIList") if key in scope or key in resources]
    cells = tuple(_cells(resources))
    return Scope(
        slice=None if named is None else SNssai(int(named["sst"]), _differentiator(named.get("sd"))),
        plmn=None if named is None else _plmn(named["plmnId"]),
        cells=cells or None,
        narrower=tuple(narrower),
    )


def _cells(resources: Mapping[str, Any]) -> Iterator[Cell]:
    named = [resources["cellId"]] if "cellId" in resources else resources.get("cellIdList", [])
    for cell in named:
        yield Cell(_plmn(cell["plmnId"]), int(cell["cId"]["ncI"]))


def _plmn(plmn: Mapping[str, str]) -> str:
    return plmn["mcc"] + plmn["mnc"]


def _differentiator(sd: str | None) -> int | None:
    """FFFFFF stands for no differentiator (3GPP TS 23.003 28.4.2)."""
    return None if sd is None or sd.upper() == "FFFFFF" else int(sd, 16)


def in_short(type_id: str, policy: Mapping[str, Any]) -> str:
    """A policy that fits its type in a few words: ``SST 1 at cell 2: guaDlThptPerSlice 5000``."""
    scope = _scope(type_id, policy)
    whom = ", ".join(scope.narrower) if scope.slice is None else f"SST {scope.slice.sst}"
    cells = scope.cells or ()
    where = f" at cell {', '.join(str(cell.nci) for cell in cells)}" if cells else ""
    objectives = policy["sliceSlaObjectives" if type_id == SLICE_SLA else "qosObjectives"]
    return f"{whom}{where}: {', '.join(f'{name} {value:g}' for name, value in objectives.items())}"

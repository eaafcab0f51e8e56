"""The RAN as arithmetic: geometry, channel, traffic, scheduling and measurements, in arrays, with no clock
or file.

``Radio`` steps many environments at once; ``State`` holds them, ``Decisions`` drives them, ``Kpis`` is what
they measure.
"""

from cadran.radio.decision import (
    Decisions,
    assignment,
    beside,
    grants,
    hard_quotas,
    quotas,
    validate,
    validate_grants,
)
from cadran.radio.engine import Radio
from cadran.radio.state import Kpis, Ledger, State
from cadran.radio.traffic import trace_table
from cadran.radio.world import EMBB, MMTC, SLICES, URLLC, DuProfile, World

__all__ = [
    "EMBB",
    "MMTC",
    "SLICES",
    "URLLC",
    "Decisions",
    "DuProfile",
    "Kpis",
    "Ledger",
    "Radio",
    "State",
    "World",
    "assignment",
    "beside",
    "grants",
    "hard_quotas",
    "quotas",
    "trace_table",
    "validate",
    "validate_grants",
]

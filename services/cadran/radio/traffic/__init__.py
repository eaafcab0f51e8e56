"""What arrives: sources per slice under moving loads, or measured packets."""

from cadran.radio.traffic.arrivals import add_arrivals
from cadran.radio.traffic.levels import initial_levels, move_loads
from cadran.radio.traffic.limits import expected_bytes, queue_limits
from cadran.radio.traffic.loads import load_profile
from cadran.radio.traffic.tables import TrafficTables, traffic_tables
from cadran.radio.traffic.trace import phases, trace_starts, trace_table

__all__ = [
    "TrafficTables",
    "add_arrivals",
    "expected_bytes",
    "initial_levels",
    "load_profile",
    "move_loads",
    "phases",
    "queue_limits",
    "trace_starts",
    "trace_table",
    "traffic_tables",
]

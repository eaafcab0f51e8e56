"""The scheduler of one DU: which UE each unit of allocation (an RB, or an RB group) serves in this TTI.

It knows the queues, the channel as last reported (CSI: bits that a unit would carry for a UE), and which
HARQ repetitions are due. Capacity is drained unit by unit as it is granted, so a unit goes only to a UE that
still has something to send.

Mode 0 (slice quotas), units in order of their number, slice after slice:
  1. Each slice has a block of ``min`` RBs; behind the blocks lie the shared RBs. HARQ repetitions come first,
     in their slice's block, then in the shared RBs.
  2. Each slice takes its block while it has backlog. Of what it leaves idle, as much as fills up
     ``dedicated`` stays reserved; the rest joins the shared RBs.
  3. Repetitions that found no room try again on the shared RBs. Then each shared unit goes to the greatest
     ``metric`` x bits (proportional fair) over all UEs with backlog whose slice has room below ``max``.
Mode 1 (a slice for each unit): each unit serves a due repetition or a UE with backlog of its slice, or
nobody.
Mode 2 (RBs for each UE): how many RBs a UE may have is decided, which ones is not. Each RB in turn goes to
the greatest ``metric`` x bits over all waiting UEs that have RBs left. A UE stops once its RBs cover its
queue by their reports: with the fraction p of an RB's power, an RB counts as the fraction p of its bits,
which is never too much, as log2(1 + p SINR) >= p log2(1 + SINR). What a UE does not need stays idle.
With ``pad`` a last pass gives every unit that is still idle to a UE without backlog, within the same bounds,
except units that mode 1 leaves unused; UEs with a due repetition get no padding. A repetition that found no
room comes again.
"""

from cadran.radio.mac.order import Workspace, new_workspace
from cadran.radio.mac.schedule import schedule
from cadran.radio.mac.waiting import (
    EDF,
    FREE,
    MAX_CQI,
    MLWDF,
    PF,
    RR,
    SCHEDULERS,
    SE_FLOOR,
    Grants,
    Waiting,
)

__all__ = [
    "EDF",
    "FREE",
    "MAX_CQI",
    "MLWDF",
    "PF",
    "RR",
    "SCHEDULERS",
    "SE_FLOOR",
    "Grants",
    "Waiting",
    "Workspace",
    "new_workspace",
    "schedule",
]

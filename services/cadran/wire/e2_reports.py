"""Report subscriptions as the RIC holds them: what is asked for, and what comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cadran.wire.causes import Cause, WireError
from cadran.wire.e2_session import SN_MODULUS, RequestKey, decode
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import kpm_pb2

#: Takes the indications of one subscription, in order; raises `WireError` to refuse one.
Sink = Callable[[e2ap_pb2.RicIndication], None]


@dataclass
class RicSubscription:
    """One subscription at one node.

    Attributes:
        key: RIC request id as (requestor, instance).
        ran_function_id: whose report actions.
        action_ids: those asked for.
        sink: takes the indications; None: the handler of the association does.
        received: indications that came.
        missed: indications that gaps in their numbers show.
        ending: the node asked to delete it, or the RIC has begun to.
    """

    key: RequestKey
    ran_function_id: int
    action_ids: frozenset[int]
    sink: Sink | None = None
    received: int = 0
    missed: int = 0
    ending: bool = False
    _next_sn: int = 0

    def take(self, indication: e2ap_pb2.RicIndication) -> int:
        """Note an indication, and return how many are missing before it.

        Raises:
            WireError: it is of another RAN function or action than the subscription, or its number is above
                65535.
        """
        if indication.ran_function_id != self.ran_function_id:
            text = f"subscription {self.key} is to RAN function {self.ran_function_id}"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))
        if indication.ric_action_id not in self.action_ids:
            text = f"subscription {self.key} has actions {sorted(self.action_ids)}"
            raise WireError(Cause("ric_request", "action-not-supported", text))
        number = indication.ric_indication_sn
        if number >= SN_MODULUS:
            raise WireError(Cause("protocol", "semantic-error", f"indication SN {number}; 0..65535"))
        missing = (number - self._next_sn) % SN_MODULUS
        self.received += 1
        if missing >= SN_MODULUS // 2:  # one that came late or twice: behind, not far ahead
            return 0
        self._next_sn = (number + 1) % SN_MODULUS
        self.missed += missing
        return missing


def report_action(action_id: int, definition: bytes) -> e2ap_pb2.RicActionToBeSetup:
    """A REPORT action with a definition of the service model."""
    return e2ap_pb2.RicActionToBeSetup(
        ric_action_id=action_id,
        ric_action_type=e2ap_pb2.RIC_ACTION_TYPE_REPORT,
        ric_action_definition=definition,
    )


def kpm_of(
    indication: e2ap_pb2.RicIndication,
) -> tuple[kpm_pb2.KpmIndicationHeader, kpm_pb2.KpmIndicationMessage]:
    """Header and message of a KPM indication. Raises `WireError` when they are malformed."""
    header = decode(kpm_pb2.KpmIndicationHeader, indication.ric_indication_header, "KPM header")
    return header, decode(kpm_pb2.KpmIndicationMessage, indication.ric_indication_message, "KPM message")

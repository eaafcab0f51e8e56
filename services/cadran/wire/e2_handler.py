"""What the xApp has to do with what E2 nodes send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cadran.wire.causes import Cause
from cadran.wire.e2_reports import RicSubscription
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2, guard_pb2, kpm_pb2

if TYPE_CHECKING:
    from cadran.wire.e2_node import E2Node


class E2ServerHandler(Protocol):
    """What the xApp does with what E2 nodes send. Called from the event loop; must not block.

    A method that raises `WireError` refuses the PDU: the node gets an error indication with the cause, the
    association goes on. Any other exception ends that association and is logged.
    """

    def on_setup(self, request: e2ap_pb2.E2SetupRequest) -> e2ap_pb2.E2SetupResponse:
        """Answer a node, or raise `WireError` to refuse it (E2 setup failure, time to wait 1 s).

        The transaction id is filled in by the server.
        """

    def on_connected(self, node: E2Node) -> None:
        """The setup is answered; subscribe and control from now on (in a task of your own)."""

    def on_report(self, node: E2Node, report: dapp_pb2.DappReport) -> None:
        """Transitions of the node's dApp. Acknowledge with `node.send_report_ack` once they are stored."""

    def on_policy_status(self, node: E2Node, status: dapp_pb2.PolicyStatus) -> None:
        """What the node's dApp runs, or why it refused a policy."""

    def on_guard_report(self, node: E2Node, report: guard_pb2.GuardReport) -> None:
        """What the DU runs by, and how its frames went."""

    def on_kpm(
        self, node: E2Node, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        """Measurements of the node."""

    def on_service_update(
        self, node: E2Node, update: e2ap_pb2.RicServiceUpdate
    ) -> e2ap_pb2.RicServiceUpdateAcknowledge:
        """Say which RAN functions are accepted, or raise `WireError` (failure, time to wait 1 s).

        Subscriptions to deleted functions end right after; the transaction id is filled in by the session.
        """

    def on_configuration_update(self, node: E2Node, facts: common_pb2.RanFacts) -> None:
        """Take the facts of the RAN as they are now, or raise `WireError` (failure, time to wait 1 s)."""

    def on_reset(self, node: E2Node, cause: Cause) -> None:
        """Either side reset the association: it is as after its setup. Subscribe anew (in a task)."""

    def on_delete_required(self, node: E2Node, subscription: RicSubscription, cause: Cause) -> None:
        """The node asks to delete a subscription: `unsubscribe` from it, in a task of your own."""

    def on_error_indication(self, node: E2Node, cause: Cause) -> None:
        """The node refused a PDU that no one waits for, for example a chunk with no dApp to take it."""

    def on_closed(self, node: E2Node, cause: Cause) -> None:
        """The association ended. When the node came back, this comes before its new `on_connected`."""

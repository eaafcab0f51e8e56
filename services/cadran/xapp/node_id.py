"""How an E2 node is called."""

from __future__ import annotations

from cadran.wire.e2_server import E2Node


def node_id(node: E2Node) -> str:
    """PLMN, gNB id and DU id of its global E2 node id."""
    identity = node.request.global_e2_node_id
    return f"{identity.plmn_identity}-{identity.gnb_id}-{identity.gnb_du_id}"

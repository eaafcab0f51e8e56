"""What stands between whoever wants to control a DU and the DU: limits, conflicts, rates, an audit log."""

"""How late a PDU is, without clocks that agree: against the quickest of late."""

from __future__ import annotations

_WINDOW = 256


class Lateness:
    """Tells how much longer a PDU was on its way than the quickest of the last 256 to 512.

    Sender and receiver stamp by clocks of their own, whose difference is unknown and may drift; the quickest
    PDU of a while gives it up to its own time on the way.
    """

    def __init__(self) -> None:
        self._quickest_ns: int | None = None
        self._quickest_before_ns: int | None = None
        self._seen = 0

    def ns(self, sent_ns: int, received_ns: int) -> int:
        """Nanoseconds by which a PDU is later than the quickest; 0 for the first."""
        took = received_ns - sent_ns
        if self._seen == _WINDOW:
            self._seen, self._quickest_before_ns, self._quickest_ns = 0, self._quickest_ns, None
        self._seen += 1
        if self._quickest_ns is None or took < self._quickest_ns:
            self._quickest_ns = took
        before = self._quickest_before_ns
        return took - (self._quickest_ns if before is None else min(before, self._quickest_ns))

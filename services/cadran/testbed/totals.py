"""Totals over a whole run: ransim counts from its own start, and it may have been restarted."""

from dataclasses import dataclass, field

from cadran.testbed.status import ByteLedger, RanStatus, ReportStatus, TraceStatus


@dataclass
class RunTotals:
    """Adds up the RAN's counters over its epochs.

    ``see`` takes each status as it is read; an epoch's counters are final once a later epoch appears. What a
    RAN that was killed did after its last status, less than a second, is not in them.
    """

    _epochs: dict[int, RanStatus] = field(default_factory=dict)
    _first: dict[int, RanStatus] = field(default_factory=dict)

    def see(self, status: RanStatus) -> None:
        """Takes the newest status; an older one of the same epoch is replaced."""
        self._epochs[status.epoch] = status
        if status.frame > 0:
            self._first.setdefault(status.epoch, status)

    @property
    def frames_per_s(self) -> float:
        """Frames between each epoch's first status with frames and its last, by the time between them."""
        spans = [(self._first[epoch], last) for epoch, last in self._epochs.items() if epoch in self._first]
        seconds = sum(last.time_s - first.time_s for first, last in spans)
        return sum(last.frame - first.frame for first, last in spans) / seconds if seconds > 0 else 0.0

    @property
    def frames(self) -> int:
        """Frames served."""
        return sum(status.frame for status in self._epochs.values())

    @property
    def missed_frames(self) -> int:
        """Decisions, one per DU and frame, that did not come in time."""
        return sum(status.missed_frames for status in self._epochs.values())

    @property
    def fallback_frames(self) -> int:
        """Decisions, one per DU and frame, that the fallback scheduler took."""
        return sum(status.fallback_frames for status in self._epochs.values())

    @property
    def bytes(self) -> ByteLedger:
        """The byte ledger of all epochs."""
        ledgers = [status.bytes for status in self._epochs.values()]
        return ByteLedger(
            **{name: sum(getattr(x, name) for x in ledgers) for name in ByteLedger.model_fields}
        )

    @property
    def reports(self) -> ReportStatus:
        """Reports and transitions of all epochs."""
        counts = [status.reports for status in self._epochs.values()]
        return ReportStatus(
            **{name: sum(getattr(x, name) for x in counts) for name in ReportStatus.model_fields}
        )

    @property
    def trace(self) -> TraceStatus | None:
        """The trace's ledger of all epochs; None where no trace is played."""
        traces = [status.trace for status in self._epochs.values() if status.trace is not None]
        if not traces:
            return None
        return TraceStatus(
            path=traces[-1].path,
            bytes_played=sum(trace.bytes_played for trace in traces),
            bytes_offered=sum(trace.bytes_offered for trace in traces),
        )

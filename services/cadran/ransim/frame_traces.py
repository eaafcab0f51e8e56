"""Follows one frame in so many: indicated to each dApp, decided there, applied here."""

from __future__ import annotations

from cadran.ransim.ran import FrameResult
from cadran.runtime.tracing import Span, Tracer
from cadran.wire.gen.e3ap.v1 import e3ap_pb2


class FrameTraces:
    """One trace per DU of each traced frame: ``frame`` here, ``decide`` at the dApp, ``apply`` here.

    Args:
        tracer: Begins spans.
        every: Frames from one traced to the next.
    """

    def __init__(self, tracer: Tracer, every: int) -> None:
        self._tracer = tracer
        self._every = every
        self._frame: int | None = None
        self._frames: dict[int, Span] = {}
        self._applying: dict[int, Span] = {}

    def indicated(self, du: int, frame: int) -> str:
        """A DU's dApp is about to be told of a frame; returns the context to tell, empty: none."""
        if frame % self._every:
            return ""
        if frame != self._frame:
            self._forget()
            self._frame = frame
        span = self._frames[du] = self._tracer.begin("frame", du=du, frame=frame)
        return span.traceparent

    def decided(self, du: int, action: e3ap_pb2.DAppControlAction) -> None:
        """The DU took a decision."""
        if action.frame != self._frame or du in self._applying:
            return
        span = self._tracer.within("apply", action.traceparent, du=du, frame=action.frame)
        if span is not None:
            self._applying[du] = span

    def ran(self, result: FrameResult) -> None:
        """A frame was run; what was applied in it ends its spans."""
        if result.frame != self._frame:
            return
        for du, applied in enumerate(result.applied):
            for spans in (self._applying, self._frames):
                span = spans.pop(du, None)
                if span is not None:
                    span.end(source=applied.source.name.lower(), policy_version=applied.policy_version)
        self._forget()

    def _forget(self) -> None:
        """Ends what no frame has ended."""
        self._frame = None
        for spans in (self._applying, self._frames):
            for span in spans.values():
                span.end(source="not_run")
            spans.clear()

"""Measurement reports: every subscribed DU gets its window when the reporting period is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cadran.problem import Frame
from cadran.wire.codecs import SLICES
from cadran.wire.e2_client import E2Session
from cadran.wire.e2_subscriptions import Subscription
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_samples import indication_message
from cadran.wire.kpm_window import HasKpmCounters, KpmAccumulator, Window


@dataclass(frozen=True)
class _Subscriber:
    du: int
    session: E2Session
    subscription: Subscription


@dataclass
class _Group:
    """Subscriptions with one reporting period; they share the sums."""

    period_frames: int
    accumulator: KpmAccumulator
    first_frame: int = 0
    frames: int = 0
    subscribers: list[_Subscriber] = field(default_factory=list)


class KpmReporting:
    """Reports of all DUs. Periods are in the RAN's own time: frames, whatever their pace.

    Args:
        frame: facts of the RAN.
        ttis_per_frame: TTIs of a frame.
        epoch: identity of this life of the RAN.
    """

    def __init__(self, frame: Frame, ttis_per_frame: int, epoch: int) -> None:
        self._frame = frame
        self._ttis_per_frame = ttis_per_frame
        self._epoch = epoch
        self._groups: dict[int, _Group] = {}

    def subscribe(self, du: int, session: E2Session, subscription: Subscription) -> None:
        """Begins to report to a subscription, with the next whole window."""
        period_ms = subscription.reporting_period_ms
        group = self._groups.get(period_ms)
        if group is None:
            facts = self._frame
            accumulator = KpmAccumulator(
                facts.dus, facts.slices, facts.frame_s, self._ttis_per_frame, facts.rbs
            )
            frames = max(1, round(period_ms / (1e3 * facts.frame_s)))
            group = self._groups[period_ms] = _Group(frames, accumulator)
        group.subscribers.append(_Subscriber(du, session, subscription))

    def unsubscribe(self, du: int, subscription: Subscription) -> None:
        """Ends a subscription to a DU."""
        self._keep(lambda one: one.du != du or one.subscription != subscription)

    def forget(self, du: int) -> None:
        """Ends every subscription to a DU."""
        self._keep(lambda one: one.du != du)

    def _keep(self, wanted: Callable[[_Subscriber], bool]) -> None:
        for group in self._groups.values():
            group.subscribers = [one for one in group.subscribers if wanted(one)]
        self._groups = {period: group for period, group in self._groups.items() if group.subscribers}

    def measured(self, first_frame: int, counted: Sequence[HasKpmCounters]) -> None:
        """Takes what consecutive frames counted, and sends the windows that they complete."""
        count = len(counted)
        for period_ms, group in self._groups.items():
            at = 0
            while at < count:
                if group.frames == 0:
                    group.first_frame = first_frame + at
                taken = min(count - at, group.period_frames - group.frames)
                group.accumulator.add(counted[at : at + taken])
                group.frames += taken
                at += taken
                if group.frames == group.period_frames:
                    self._send(period_ms, group, first_frame + at - 1)

    def _send(self, period_ms: int, group: _Group, last_frame: int) -> None:
        windows: list[Window] = group.accumulator.take()
        header = kpm_pb2.KpmIndicationHeader(
            collect_start_time_unix_ms=int(1e3 * time.time()) - period_ms,
            epoch=self._epoch,
            first_frame=group.first_frame,
            last_frame=last_frame,
        )
        group.frames = 0
        for one in group.subscribers:
            names = one.subscription.meas_names
            message = indication_message(names, windows[one.du], SLICES, period_ms)
            one.session.send_kpm(one.subscription, header, message)

"""Measurement reports: every subscribed DU gets its window when the reporting period is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cadran.problem import Frame
from cadran.wire.causes import Cause, WireError
from cadran.wire.codecs import SLICES
from cadran.wire.e2_client import E2Session
from cadran.wire.e2_subscriptions import Subscription
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_actions import E2_NODE, KpmAction
from cadran.wire.kpm_samples import UeNaming, condition_message, indication_message, ues_message
from cadran.wire.kpm_ue import HasUeCounters, UeAccumulator, UeWindows
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
    of_ues: UeAccumulator
    first_frame: int = 0
    frames: int = 0
    subscribers: list[_Subscriber] = field(default_factory=list)

    @property
    def wants_ues(self) -> bool:
        """Whether any report is of UEs; counting them costs more than all the rest."""
        return any(one.subscription.kpm and one.subscription.kpm.style != E2_NODE for one in self.subscribers)


class Counted(HasKpmCounters, HasUeCounters, Protocol):
    """What one frame of all DUs counted."""


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
        self._naming = UeNaming(SLICES, frame.total_ues)
        self._groups: dict[int, _Group] = {}

    def subscribe(self, du: int, session: E2Session, subscription: Subscription) -> None:
        """Begins to report to a subscription, with the next whole window.

        Raises:
            WireError: it names a UE that this RAN cannot have.
        """
        self._check_ues(subscription)
        period_ms = subscription.reporting_period_ms
        group = self._groups.get(period_ms)
        if group is None:
            group = self._groups[period_ms] = self._new_group(period_ms)
        group.subscribers.append(_Subscriber(du, session, subscription))

    def _new_group(self, period_ms: int) -> _Group:
        facts, ttis = self._frame, self._ttis_per_frame
        return _Group(
            max(1, round(period_ms / (1e3 * facts.frame_s))),
            KpmAccumulator(facts.dus, facts.slices, facts.frame_s, ttis, facts.rbs),
            UeAccumulator(facts.dus, facts.slices, facts.total_ues, facts.frame_s, ttis, facts.rbs),
        )

    def _check_ues(self, subscription: Subscription) -> None:
        ids = subscription.kpm.ue_ids if subscription.kpm is not None else ()
        unknown = [ue_id for ue_id in ids if ue_id >= self._naming.count]
        if unknown:
            text = f"RAN UE IDs {unknown[:4]}; 0..{self._naming.count - 1}"
            raise WireError(Cause("ric_request", "action-not-supported", text))

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

    def measured(
        self, first_frame: int, counted: Sequence[Counted], ue_numbers: Sequence[NDArray[np.int32]]
    ) -> None:
        """Takes what consecutive frames counted, and sends the windows that they complete.

        Args:
            first_frame: number of the first one.
            counted: of all DUs and their UEs.
            ue_numbers: int32[C, S, U] of each frame, the UE's number within its slice, -1 in empty places.
        """
        count = len(counted)
        for period_ms, group in self._groups.items():
            at = 0
            while at < count:
                if group.frames == 0:
                    group.first_frame = first_frame + at
                taken = slice(at, at + min(count - at, group.period_frames - group.frames))
                group.accumulator.add(counted[taken])
                if group.wants_ues:
                    group.of_ues.add(counted[taken], ue_numbers[taken])
                group.frames += taken.stop - at
                at = taken.stop
                if group.frames == group.period_frames:
                    self._send(period_ms, group, first_frame + at - 1)

    def _send(self, period_ms: int, group: _Group, last_frame: int) -> None:
        windows, of_ues = group.accumulator.take(), group.of_ues.take()
        header = kpm_pb2.KpmIndicationHeader(
            collect_start_time_unix_ms=int(1e3 * time.time()) - period_ms,
            epoch=self._epoch,
            first_frame=group.first_frame,
            last_frame=last_frame,
        )
        group.frames = 0
        for one in group.subscribers:
            if (kpm := one.subscription.kpm) is not None:
                message = self._message(kpm, period_ms, windows[one.du], of_ues[one.du])
                one.session.send_kpm(one.subscription, header, message)

    def _message(
        self, kpm: KpmAction, period_ms: int, window: Window, of_ues: UeWindows
    ) -> kpm_pb2.KpmIndicationMessage:
        match kpm.style:
            case 3:
                return condition_message(kpm.conditions, of_ues, self._naming, window.frames, period_ms)
            case 5:
                return ues_message(kpm.meas_names, kpm.ue_ids, of_ues, self._naming, period_ms)
            case _:
                return indication_message(kpm.meas_names, window, self._naming.slices, period_ms)

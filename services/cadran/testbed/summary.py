"""A run in one object: what ``summary.json`` holds and ``cadran up --json`` prints."""

import json
from dataclasses import asdict, dataclass

import numpy as np

from cadran.testbed.series import SLICES, Episodes, Series
from cadran.testbed.snapshot import Observer


@dataclass(frozen=True)
class RunSummary:
    """Totals and means of one run; None where nothing was measured.

    Attributes:
        scenario: the scenario's name.
        seed: seed of the run.
        pace: ``fast`` or ``realtime``.
        dus: number of DUs.
        frames: frames served; one frame is one decision of every DU.
        episodes: complete episodes.
        duration_s: seconds from the start of the first process to the end of the last.
        frames_per_s: frames by the seconds between the RAN's first and last status.
        ended_by: ``frames``, ``duration``, or ``stopped`` by a signal.
        transitions_reported: transitions that the RAN relayed to the xApp.
        transitions_acknowledged: of these, the ones that the xApp acknowledged.
        transitions_stored: transitions that replay gained in this run.
        updates: learner's updates, those of a resumed run included.
        policy_versions: version that each DU ran at the end.
        missed_frames: decisions, one per DU and frame, that did not come in time.
        fallback_frames: decisions, one per DU and frame, that the fallback scheduler took.
        reward_mean: mean reward per DU and frame.
        reward_mean_sampled: the same over episodes in which the dApps explored.
        reward_mean_deterministic: the same over episodes in which they acted by the policy's mean.
        qos_mean: mean quality of each slice, in [0, 1].
        loop_latency_p50_ms: median time from an indication to its decision.
        loop_latency_p99_ms: 99th percentile of it.
        loop_latency_max_ms: the longest of the last frames.
        bytes_offered: bytes that arrived for all UEs = delivered + dropped + discarded + queued.
        bytes_delivered: bytes sent over the air.
        bytes_dropped: bytes dropped at full buffers.
        bytes_discarded: bytes still queued when their episode ended.
        bytes_queued: bytes queued at the end.
        trace_bytes_played: bytes of the trace portion played, from the file itself.
        trace_bytes_offered: bytes that the eMBB slices were offered from the trace.
        restarts: restarts of each process.
        redis_region: name under which Redis keeps the run's experience.
        folder: the run folder.
    """

    scenario: str
    seed: int
    pace: str
    dus: int
    frames: int
    episodes: int
    duration_s: float
    frames_per_s: float
    ended_by: str
    transitions_reported: int
    transitions_acknowledged: int
    transitions_stored: int
    updates: int
    policy_versions: tuple[int, ...]
    missed_frames: int
    fallback_frames: int
    reward_mean: float | None
    reward_mean_sampled: float | None
    reward_mean_deterministic: float | None
    qos_mean: dict[str, float] | None
    loop_latency_p50_ms: float | None
    loop_latency_p99_ms: float | None
    loop_latency_max_ms: float | None
    bytes_offered: int
    bytes_delivered: int
    bytes_dropped: int
    bytes_discarded: int
    bytes_queued: int
    trace_bytes_played: int | None
    trace_bytes_offered: int | None
    restarts: dict[str, int]
    redis_region: str
    folder: str

    def to_json(self) -> str:
        """One JSON object on one line."""
        return json.dumps(asdict(self), allow_nan=False)


@dataclass(frozen=True)
class RunFacts:
    """What the testbed itself knows of a run that ended."""

    scenario: str
    seed: int
    pace: str
    dus: int
    ended_by: str
    duration_s: float
    stored_before: int
    restarts: dict[str, int]
    redis_region: str
    folder: str


def summarise(facts: RunFacts, observer: Observer, episodes: Episodes) -> RunSummary:
    """The summary of a run, from what the services wrote."""
    totals, ran, xapp = observer.totals, observer.ran, observer.xapp
    ledger, reports, trace = totals.bytes, totals.reports, totals.trace
    explored = ~episodes.deterministic
    return RunSummary(
        scenario=facts.scenario,
        seed=facts.seed,
        pace=facts.pace,
        dus=facts.dus,
        frames=totals.frames,
        episodes=len(episodes),
        duration_s=round(facts.duration_s, 3),
        frames_per_s=round(totals.frames_per_s, 1),
        ended_by=facts.ended_by,
        transitions_reported=reports.rows,
        transitions_acknowledged=reports.acked,
        transitions_stored=sum(xapp.stored) - facts.stored_before if xapp else 0,
        updates=xapp.updates if xapp else 0,
        policy_versions=tuple(du.policy_version for du in ran.dus) if ran else (),
        missed_frames=totals.missed_frames,
        fallback_frames=totals.fallback_frames,
        reward_mean=_mean(episodes.reward),
        reward_mean_sampled=_mean(episodes.reward[explored]),
        reward_mean_deterministic=_mean(episodes.reward[~explored]),
        qos_mean=_by_slice(episodes.qos),
        loop_latency_p50_ms=ran.loop_latency_ms.p50 if ran else None,
        loop_latency_p99_ms=ran.loop_latency_ms.p99 if ran else None,
        loop_latency_max_ms=ran.loop_latency_ms.max if ran else None,
        bytes_offered=ledger.offered,
        bytes_delivered=ledger.delivered,
        bytes_dropped=ledger.dropped,
        bytes_discarded=ledger.discarded,
        bytes_queued=ledger.queued,
        trace_bytes_played=trace.bytes_played if trace else None,
        trace_bytes_offered=trace.bytes_offered if trace else None,
        restarts=facts.restarts,
        redis_region=facts.redis_region,
        folder=facts.folder,
    )


def _mean(values: Series) -> float | None:
    return round(float(np.mean(values)), 6) if values.size else None


def _by_slice(qos: Series) -> dict[str, float] | None:
    if not qos.size:
        return None
    return {name: round(float(value), 6) for name, value in zip(SLICES, qos.mean(axis=(0, 1)), strict=True)}

"""What the services tell of themselves while they run, read from their status files."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

Means = tuple[float | None, float | None, float | None]


class _Status(BaseModel):
    # A newer service may tell more than this version reads.
    model_config = ConfigDict(frozen=True, extra="ignore")


class DuStatus(_Status):
    """One DU as the RAN sees it.

    Means are over the frames since the status before, None where there was no frame; triples are in slice
    order eMBB, mMTC, URLLC; ``source`` tells who decided the last frame.
    """

    du: int
    connected: bool
    policy_version: int
    source: str | None
    reward: float | None
    qos: Means
    prb_share: Means
    prb_used: Means
    delivered_bps: Means
    queued_bytes: tuple[int, int, int] | None
    missed_frames: int
    fallback_frames: int


class LatencyStatus(_Status):
    """Time from an indication to its decision over the last frames (ms); None before the first."""

    p50: float | None
    p99: float | None
    max: float | None


class ByteLedger(_Status):
    """Bytes since the RAN's start: offered = delivered + dropped + discarded + queued.

    Dropped at a full buffer; discarded with the queues of an episode that ended.
    """

    offered: int = 0
    delivered: int = 0
    dropped: int = 0
    discarded: int = 0
    queued: int = 0


class TraceStatus(_Status):
    """A packet trace's ledger: bytes of the portion played, bytes offered to the eMBB slices from it."""

    path: str
    bytes_played: int
    bytes_offered: int


class ReportStatus(_Status):
    """dApp reports: relayed to the xApp, the transitions (rows) in them, the rows acknowledged as stored."""

    relayed: int = 0
    rows: int = 0
    acked: int = 0


class RanStatus(_Status):
    """The RAN's status file; totals are of this epoch, that is since ransim was started last."""

    epoch: int
    frame: int
    episode: int
    time_s: float
    frames_per_s: float
    dus: tuple[DuStatus, ...]
    missed_frames: int
    fallback_frames: int
    loop_latency_ms: LatencyStatus
    bytes: ByteLedger
    trace: TraceStatus | None
    reports: ReportStatus


class XappStatus(_Status):
    """The xApp's status file; sequences have one entry for each DU."""

    time_s: float
    learning: bool
    updates: int
    updates_per_s: float
    stored: tuple[int, ...]
    duplicates: int
    policy_versions: tuple[int | None, ...]
    running_versions: tuple[int | None, ...]
    beta: float | None = None
    critic_loss: float | None = None
    td_variance: tuple[float | None, ...] | None = None
    sam_on: tuple[bool, ...] | None = None
    shots: tuple[int, ...] | None = None
    alert: str | None = None


class RappStatus(_Status):
    """The rApp's status file: meta-iterations made, and the initialisation that DUs should start from."""

    iterations: int
    promoted: int | None
    alert: str | None = None


S = TypeVar("S", RanStatus, XappStatus, RappStatus)


def read_status(path: Path, model: type[S]) -> S | None:
    """Reads a status file; None where the service has not written one yet.

    Raises:
        ValueError: the file is not what the service's contract says.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return model.model_validate(json.loads(text))
    except (ValidationError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not a status file: {error}") from error

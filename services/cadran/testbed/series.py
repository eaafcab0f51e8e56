"""Time series that the services write while they run: episodes from the RAN, progress from the learner."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SLICES = ("eMBB", "mMTC", "URLLC")
EPISODE_COLUMNS = (
    "episode", "first_frame", "du", "deterministic", "reward_mean",
    "qos_embb", "qos_mmtc", "qos_urllc", "prb_embb", "prb_mmtc", "prb_urllc",
    "missed", "fallback", "policy_version", "wall_s",
)  # fmt: skip

Series = NDArray[np.float64]


@dataclass(frozen=True)
class Episodes:
    """Episodes in the order of their end; arrays of shape [N], [N, dus] or [N, dus, 3].

    Attributes:
        wall_s: Unix time of the end [N].
        deterministic: whether the dApps acted by the policy's mean [N].
        reward: mean reward per frame of each DU [N, dus].
        qos: mean quality per slice in [0, 1] [N, dus, 3].
        prb_share: mean share of the PRBs given to each slice, in [0, 1] [N, dus, 3].
        policy_version: version that each DU ran at the episode's end [N, dus].
    """

    wall_s: Series
    deterministic: NDArray[np.bool_]
    reward: Series
    qos: Series
    prb_share: Series
    policy_version: Series

    def __len__(self) -> int:
        return len(self.wall_s)

    def where(self, chosen: NDArray[np.bool_]) -> "Episodes":
        """The episodes for which ``chosen`` [N] is true."""
        return Episodes(
            self.wall_s[chosen],
            self.deterministic[chosen],
            self.reward[chosen],
            self.qos[chosen],
            self.prb_share[chosen],
            self.policy_version[chosen],
        )


class LineTail:
    """Reads a growing text file: each call gives the complete lines that came since the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[str]:
        """New complete lines, without their ends; none while the file does not exist."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read()
        complete = data.rfind(b"\n") + 1
        self._offset += complete
        return data[:complete].decode().splitlines()


class EpisodeTail:
    """Collects the RAN's episodes file as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tail = LineTail(path)
        self._rows: list[list[float]] = []

    def read(self) -> None:
        """Takes in what was written since the last call.

        Raises:
            ValueError: the file's columns are not those of the contract.
        """
        for line in self._tail.read():
            cells = line.split(",")
            if cells == list(EPISODE_COLUMNS):
                continue
            if len(cells) != len(EPISODE_COLUMNS):
                raise ValueError(f"{self._path}: expected columns {', '.join(EPISODE_COLUMNS)}, got {line!r}")
            self._rows.append([_number(cell) for cell in cells])

    def episodes(self, last: int | None = None) -> Episodes:
        """All complete episodes so far, or the ``last`` ones.

        An episode is complete when every DU's row is there; its rows stand together in the file.
        """
        dus = 1 + max((int(row[2]) for row in self._rows), default=0)
        # One episode more than asked, of which the slice may have cut off a part.
        rows = self._rows if last is None else self._rows[-(last + 1) * dus :]
        found = _group(np.array(rows, float).reshape(-1, len(EPISODE_COLUMNS)), dus)
        return found if last is None else found.where(np.arange(len(found)) >= len(found) - last)


def read_episodes(path: Path) -> Episodes:
    """Reads an episodes file; no episodes where there is no file.

    Raises:
        ValueError: the file's columns are not those of the contract.
    """
    tail = EpisodeTail(path)
    tail.read()
    return tail.episodes()


def _number(cell: str) -> float:
    return float(cell) if cell else np.nan


def _group(rows: Series, dus: int) -> Episodes:
    """Rows [M, columns] in file order, to one entry for each episode that has a row of every DU."""
    starts = np.flatnonzero(np.r_[True, np.diff(rows[:, 0]) != 0]) if len(rows) else np.array([], int)
    ends = np.r_[starts[1:], len(rows)] if len(rows) else starts
    whole = [rows[a:b][np.argsort(rows[a:b, 2])] for a, b in zip(starts, ends, strict=True) if b - a == dus]
    table = np.array(whole, float).reshape(-1, dus, len(EPISODE_COLUMNS))
    return Episodes(
        wall_s=table[:, :, 14].max(axis=1, initial=-np.inf),
        deterministic=table[:, 0, 3] > 0,
        reward=table[:, :, 4],
        qos=table[:, :, 5:8],
        prb_share=table[:, :, 8:11],
        policy_version=table[:, :, 13],
    )


@dataclass(frozen=True)
class LearnerSeries:
    """The learner's progress; arrays of shape [N] or [N, dus], NaN where nothing was measured.

    Attributes:
        wall_s: Unix time [N].
        updates: updates made so far [N].
        critic_loss: critic's loss [N].
        actor_loss: each actor's loss [N, dus].
        td_variance: variance of each DU's TD error [N, dus].
        sam_share: share of the updates that were sharpness-aware, in [0, 1] [N, dus].
        beta: entropy coefficient [N].
    """

    wall_s: Series
    updates: Series
    critic_loss: Series
    actor_loss: Series
    td_variance: Series
    sam_share: Series
    beta: Series

    def __len__(self) -> int:
        return len(self.wall_s)


def read_learner(path: Path) -> LearnerSeries:
    """Reads the learner's progress file; empty where there is no file."""
    records = [json.loads(line) for line in LineTail(path).read()]
    width = max((len(record["td_variance"]) for record in records), default=1)

    def column(name: str) -> Series:
        return np.array([_or_nan(record.get(name)) for record in records], float)

    def table(name: str) -> Series:
        return np.array([_or_nans(record.get(name), width) for record in records], float).reshape(-1, width)

    return LearnerSeries(
        wall_s=column("time_s"),
        updates=column("updates"),
        critic_loss=column("critic_loss"),
        actor_loss=table("actor_loss"),
        td_variance=table("td_variance"),
        sam_share=table("sam_share"),
        beta=column("beta"),
    )


@dataclass(frozen=True)
class ShotSeries:
    """One DU's adaptation from one start.

    Attributes:
        du: the DU.
        initialisation: version that it started from; None for fresh networks.
        reward: mean per frame while k shots had been made, for k = 0, 1, ... [N].
    """

    du: int
    initialisation: int | None
    reward: Series


def read_shots(path: Path) -> list[ShotSeries]:
    """Reads what adapting brought, in the order of DUs and starts; empty where there is no file."""
    starts: dict[int, list[list[dict[str, Any]]]] = {}
    for line in LineTail(path).read():
        record = json.loads(line)
        of_du = starts.setdefault(record["du"], [])
        # The first period of a start ends with its first shot.
        if record["shots"] <= 1 or not of_du:
            of_du.append([])
        of_du[-1].append(record)
    return [
        ShotSeries(du, records[0]["initialisation"], np.array([record["reward"] for record in records]))
        for du in sorted(starts)
        for records in starts[du]
    ]


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _or_nans(values: Sequence[float | None] | None, width: int) -> list[float]:
    return [_or_nan(value) for value in values or [None] * width]


def moving_mean(values: Series, window: int) -> Series:
    """Mean of the finite values within ``window // 2`` entries before and after; NaN where there is none.

    Args:
        values: [N, ...]; the mean moves along the first axis, and is over fewer entries at its ends.
        window: entries, at least 1.

    Returns:
        As many means as there are values, in the same shape.
    """
    finite = np.isfinite(values)
    total = _moving_sum(np.where(finite, values, 0.0), window // 2)
    count = _moving_sum(finite.astype(float), window // 2)
    mean: Series = np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0.5)
    return mean


def _moving_sum(values: Series, reach: int) -> Series:
    before: Series = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    place = np.arange(len(values))
    last, first = np.minimum(place + reach + 1, len(values)), np.maximum(place - reach, 0)
    total: Series = before[last] - before[first]
    return total

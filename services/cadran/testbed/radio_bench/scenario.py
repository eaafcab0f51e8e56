"""The worlds that are measured: the full step of the ``3gpp`` preset at the size of arXiv 2511.15002."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cadran.problem import quota_rbs
from cadran.radio import SLICES, Decisions, World, hard_quotas

DUS, UES, RBS = 6, 200, 100
QUOTAS = (34, 33, 33)
LOAD_SCALE = 0.65
"""Of the world's default load: about two thirds of the UEs then have data at any time."""
_ROOM = 2.15
"""Places of a (DU, slice) over its mean number of UEs: at 6 DUs and 200 UEs the world's default of 24."""


@dataclass(frozen=True)
class Case:
    """What is measured in one process.

    Attributes:
        mode: unit of allocation, ``per_rb`` or ``rbg``.
        csi_period_tti: TTIs between two reports of a UE.
        envs: environments stepped together.
        threads: numbers of threads that take turns.
        dus: number of DUs.
        ues: number of UEs.
        full_buffer: every UE has data at all times.
    """

    mode: str
    csi_period_tti: int
    envs: int
    threads: tuple[int, ...] = (1,)
    dus: int = DUS
    ues: int = UES
    full_buffer: bool = False

    @property
    def links(self) -> int:
        """Pairs of a DU and a UE."""
        return self.dus * self.ues

    def __str__(self) -> str:
        size = f"{self.envs} x {self.dus} DUs, {self.ues} UEs"
        return f"{self.mode}, a report every {self.csi_period_tti} TTI, {size}"


def bench_world(case: Case) -> World:
    """Jakes fading on all links, MCS link with HARQ, UEs that stand still in fading of 3 km/h, frames of 10
    TTIs.
    """
    places = max(24, math.ceil(_ROOM * case.ues / SLICES / case.dus))
    values: dict[str, Any] = {
        "preset": "3gpp",
        "dus": case.dus,
        "ues": case.ues,
        "rbs": RBS,
        "max_ues_per_slice": places,
        "mac": {"allocation": case.mode},
        "link": {"csi_period_ttis": case.csi_period_tti},
        "load": {"sources": ["full_buffer"] * SLICES} if case.full_buffer else {"scale": LOAD_SCALE},
    }
    return World.model_validate(values)


def bench_decisions(world: World, envs: int) -> Decisions:
    """The same hard quotas in every DU."""
    return hard_quotas(quota_rbs(np.broadcast_to(QUOTAS, (envs, world.dus, SLICES)), world.rbs), world.rbs)

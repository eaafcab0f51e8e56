"""A1-P without an xApp around it: what it changes is written down, what it measures is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from cadran.problem import Frame, Problem, ProblemSpec
from cadran.rest import add_errors
from cadran.runtime.disk import DISK, DiskWatch
from cadran.runtime.http import Health
from cadran.wire.codecs import SLICES
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import Sample
from cadran.xapp.a1.parts import A1, Neighbours
from cadran.xapp.a1.settings import A1Settings
from cadran.xapp.guard.limits import Limits
from cadran.xapp.kpm_board import KpmReport

FRAME = Frame(rbs=20, slices=3, ues_per_slice=4, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=12, dus=2)
PLMN = {"mcc": "001", "mnc": "01"}
SLA = "ORAN_SliceSLATarget_1.0.0"
QOS = "ORAN_QoSTarget_1.0.0"


def sla(sst: int = 1, cells: Sequence[int] | None = None, **objectives: float) -> dict[str, Any]:
    policy: dict[str, Any] = {
        "scope": {"sliceId": {"sst": sst, "plmnId": PLMN}},
        "sliceSlaObjectives": objectives,
    }
    if cells is not None:
        listed = [{"plmnId": PLMN, "cId": {"ncI": nci}} for nci in cells]
        policy["sliceSlaResources"] = {"cellIdList": listed}
    return policy


def qos(sst: int = 1, **objectives: float) -> dict[str, Any]:
    return {"scope": {"sliceId": {"sst": sst, "plmnId": PLMN}}, "qosObjectives": objectives}


def report(first: int, frames: int, **of_embb: float) -> KpmReport:
    """A report whose measurements of eMBB are given by short names; other slices have no UE."""
    names = {
        "ues": "RRC.ConnMean",
        "offered_kbit": "DRB.PdcpSduVolumeDL",
        "delivered_kbit": "DRB.RlcSduTransmittedVolumeDL",
        "delay_ms": "VS.DRB.UeDelayDl",
        "se": "VS.CARR.MeanSeDl",
    }
    factors = {"delay_ms": 10.0}
    samples = [
        Sample(REGISTRY[names[short]], SLICES[0], value * factors.get(short, 1.0))
        for short, value in of_embb.items()
    ]
    return KpmReport(0.0, 1, first, first + frames - 1, tuple(samples))


@dataclass
class Scene:
    """One A1-P and what is around it."""

    state: Path
    spec: ProblemSpec = field(default_factory=ProblemSpec)
    choices: dict[str, Any] = field(default_factory=dict)
    plmns: dict[int, str] = field(default_factory=lambda: {0: "00101", 1: "00101"})

    def __post_init__(self) -> None:
        self.limits = Limits()
        self.registry = CollectorRegistry()
        self.health = Health([DISK])
        self.specs: Sequence[ProblemSpec] = ()
        refusals = Counter("refusals", "x", ("file",), registry=self.registry)
        around = Neighbours(
            problem=Problem(self.spec, FRAME),
            limits=self.limits,
            rejudge=self._rejudge,
            plmn_of=self.plmns.get,
            registry=self.registry,
            disk=DiskWatch(refusals, self.health),
            unix_s=lambda: 1.0,
        )
        self.a1 = A1(A1Settings(a1_window_s=1.0, **self.choices), self.state, around)
        self.desk = self.a1.desk
        self.app = FastAPI()
        add_errors(self.app, {})
        self.a1.mount(self.app)

    def _rejudge(self, specs: Sequence[ProblemSpec]) -> None:
        self.specs = specs

    def http(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://xapp")

    def measure(self, dus: Sequence[int] = (0, 1), first: int = 0, /, **of_embb: float) -> None:
        """A window of measurements at some DUs."""
        for du in dus:
            self.desk.measured(du, report(first, 100, **of_embb))
        self.desk.look()


def path(policy_id: str, type_id: str = SLA) -> str:
    return f"/A1-P/v2/policytypes/{type_id}/policies/{policy_id}"

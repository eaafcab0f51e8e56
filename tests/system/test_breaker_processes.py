"""A deliberately bad policy in a running testbed: it loses its DUs, and everybody can see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cadran.policy import PolicyMeta, encode, save, tensor_shapes
from running import Run

pytestmark = pytest.mark.timeout(240)
_NAMES = {"observation": "demand", "action": "slice_quota", "reward": "delivered"}
_INPUTS, _OUTPUTS = 27, 3
OPEN_AFTER_S = 3.0


def starving(du: int) -> bytes:
    """An actor that gives eMBB all but nothing of the band, whatever it observes."""
    shapes = tensor_shapes(_INPUTS, _OUTPUTS, (8,), True)
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    tensors["mean.bias"][:] = (8.0, -8.0, -8.0)
    tensors["log_std.bias"][:] = -5.0
    meta = PolicyMeta(
        du=du,
        version=1,
        created_unix_s=1.0,
        observation_dim=_INPUTS,
        action_dim=_OUTPUTS,
        hidden=(8,),
        activation="relu",
        layer_norm=True,
        problem=_NAMES,
    )
    return encode(meta, tensors)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("CADRAN_XAPP_BREAKER_OPEN_AFTER_S", str(OPEN_AFTER_S))
    policies = tmp_path / "policies"
    policies.mkdir()
    for du in range(2):
        save(policies, starving(du))
    made = Run(tmp_path / "run", "--no-learn", "--policy", str(policies))
    yield made
    made.discard()


def _sources(run: Run) -> list[Any]:
    return [du["source"] for du in run.status("ransim").get("dus", [])]


def test_a_bad_policy_loses_its_dus_and_everybody_can_see_it(run: Run) -> None:
    run.until(lambda: run.status("ransim").get("frame", 0) > 0, "frames run")
    run.until(lambda: _sources(run) == ["ordered", "ordered"], "both DUs are under their own scheduler")
    kept = run.folder / "xapp" / "guard" / "breakers.json"
    run.until(lambda: kept.exists() and kept.read_text().count('"open"') == 2, "their states are kept")
    ended = run.end()
    assert ended["frames"] > 0
    lines = (run.folder / "xapp" / "guard" / "audit.jsonl").read_text().splitlines()
    opened = [line for line in lines if '"verdict":"open"' in line]
    assert len(opened) == 2
    assert all("satisfaction below the baseline's for 3 s" in line for line in opened)

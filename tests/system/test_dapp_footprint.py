"""The dApp's process is light: it imports none of the learner's libraries, and stays small."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from dapp_du import Du, policy

from cadran.problem import Frame, ProblemSpec

PAPER = Frame(rbs=100, slices=3, ues_per_slice=24, frame_s=0.01, rb_bandwidth_hz=180e3, total_ues=200, dus=6)
PAPERS_ACTOR = (300, 400, 400)
FRAMES = 200
LIMIT_KIB = 120 * 1024
FORBIDDEN = ("torch", "numba", "redis", "fastapi", "gymnasium", "pettingzoo", "matplotlib")
PROGRAM = f"""
import sys

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {FORBIDDEN!r}:
            raise ModuleNotFoundError(f"the dApp imports {{name}}")

sys.meta_path.insert(0, Forbid())
from cadran.dapp.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def resident_kib(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found.group(1))


async def test_the_papers_actor_runs_in_a_light_process(tmp_path: Path) -> None:
    changes = {"observation": "paper", "action": "rb_bits"}
    du = Du(PAPER, ProblemSpec.model_validate(changes))
    assert (du.problem.observation_dim, du.problem.action_dim) == (206, 200)
    port = await du.start()
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("problem: {observation: paper, action: rb_bits}\n")
    options = ("--scenario", str(scenario), "--du", "0", "--http", "127.0.0.1:0")
    dapp = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, *options, "--e3-connect", f"127.0.0.1:{port}"
    )
    try:
        await du.until(lambda: dapp.returncode is not None or du.session is not None)
        assert dapp.returncode is None
        await du.deliver(policy(du.problem, 1, hidden=PAPERS_ACTOR), version=1, delivery=1)
        for _ in range(FRAMES):
            assert (await du.decide()).policy_version == 1
        assert resident_kib(dapp.pid) < LIMIT_KIB
    finally:
        if dapp.returncode is None:
            dapp.terminate()
        await asyncio.wait_for(dapp.wait(), 60)
        await du.stop()
    assert dapp.returncode == 0

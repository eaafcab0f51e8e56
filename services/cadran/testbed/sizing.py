"""What the services of a testbed take: processor time for each frame, memory, and Redis' bytes for each row.

Processor time is that of the processes, from ``/proc``: other work on the machine delays a run but hardly
changes it. What starting takes is left out.
"""

import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cadran.lab.experiment import load_experiment
from cadran.replay import TransitionSchema
from cadran.testbed.folder import RunFolder
from cadran.testbed.run import Testbed
from cadran.testbed.settings import TestbedSettings
from cadran.testbed.status import RanStatus, XappStatus, read_status

DUS = (2, 6, 12, 24)
LEARNING_DUS = 6
FRAMES = 1000
WARM_FRAMES = 200
# Reports wait until they are full, as they are with frames of 10 ms in real time: a busy machine, whose
# frames are slower, would otherwise measure more and smaller ones.
_REPORT_PERIOD, _UNTIL_FULL_S = "CADRAN_DAPP_REPORT_PERIOD_S", "10"
_SAMPLE_S = 0.5


@dataclass(frozen=True)
class _Moment:
    """What processes had used when the RAN had served so many frames.

    Attributes:
        frame: frames served.
        updates: of the learner.
        cpu_s: processor time by process id.
    """

    frame: int
    updates: int
    cpu_s: Mapping[int, float]


@dataclass
class _Watch:
    """Looks at the processes of a run now and then, from a thread."""

    folder: RunFolder
    ended: threading.Event = field(default_factory=threading.Event)
    services: dict[int, str] = field(default_factory=dict)
    rss_bytes: dict[int, int] = field(default_factory=dict)
    first: _Moment | None = None
    last: _Moment | None = None

    def look_until_ended(self) -> None:
        while not self.ended.wait(_SAMPLE_S):
            self._look()

    def _look(self) -> None:
        ran = read_status(self.folder.ransim_status, RanStatus)
        if ran is None or ran.frame < WARM_FRAMES:
            return
        xapp = read_status(self.folder.xapp_status, XappStatus)
        used = {}
        for pid, service in _processes(self.folder.root).items():
            try:
                used[pid] = _cpu_s(pid)
                self.rss_bytes[pid] = max(_rss_bytes(pid), self.rss_bytes.get(pid, 0))
            except (FileNotFoundError, ProcessLookupError):
                continue
            self.services[pid] = service
        moment = _Moment(ran.frame, 0 if xapp is None else xapp.updates, used)
        self.first = self.first or moment
        # The RAN ends first; a look without it is not one at the running testbed.
        if used.keys() >= self.first.cpu_s.keys():
            self.last = moment


def sizing(scenario: Path) -> dict[str, Any]:
    """The loop through the services with ever more DUs, without learning; then what an update takes.

    Args:
        scenario: of all runs, but for its DUs and UEs; at the fast pace, so that frames follow each other.
    """
    os.environ[_REPORT_PERIOD] = _UNTIL_FULL_S
    runs = [_run(scenario, dus, learn=False) for dus in DUS]
    learning = _run(scenario, LEARNING_DUS, learn=True)
    idle = next(run for run in runs if run["dus"] == LEARNING_DUS)
    return {
        "results": runs,
        "learning": {**learning, "update_cpu_ms": _update_cpu_ms(learning, idle)},
        "cores": len(os.sched_getaffinity(0)),
    }


def _run(scenario: Path, dus: int, learn: bool) -> dict[str, Any]:
    # What the radio and the observations cost grows with the UEs as well: as many for each DU as there were.
    world = load_experiment(scenario).world
    overrides = (f"world.dus={dus}", f"world.ues={dus * world.ues // world.dus}")
    with tempfile.TemporaryDirectory() as parent:
        testbed = Testbed(
            TestbedSettings(
                scenario=scenario,
                overrides=overrides,
                frames=WARM_FRAMES + FRAMES,
                pace="fast",
                learn=learn,
                out=Path(parent) / "run",
                live=False,
            )
        )
        watch = _Watch(testbed.folder)
        looking = threading.Thread(target=watch.look_until_ended, name="sizing")
        looking.start()
        try:
            summary = testbed.run()
        finally:
            watch.ended.set()
            looking.join()
        log = sum(path.stat().st_size for path in testbed.folder.redis.rglob("*.aof"))
    experiment = load_experiment(scenario, overrides)
    problem = experiment.problem()
    row_bytes = TransitionSchema(problem.state_dim, problem.action_dim, problem.kpi_dim).row_bytes
    return {
        "dus": dus,
        "ues": experiment.world.ues,
        **_used(watch),
        "redis_row_bytes": row_bytes,
        "redis_ring_bytes": dus * row_bytes * experiment.learner.replay_capacity,
        "redis_log_bytes_per_row": log / max(1, summary.transitions_stored),
        "frames_per_s": summary.frames_per_s,
        "missed_frames": summary.missed_frames,
    }


def _used(watch: _Watch) -> dict[str, Any]:
    """Means over the processes of a service, of which only the dApp has several."""
    first, last = watch.first, watch.last
    if first is None or last is None or last.frame == first.frame:
        raise RuntimeError("sizing: the run ended before it could be looked at twice")
    frames = last.frame - first.frame
    services = sorted(set(watch.services.values()))
    pids = {name: [pid for pid, service in watch.services.items() if service == name] for name in services}
    return {
        "frames": frames,
        "updates": last.updates - first.updates,
        "cpu_ms_per_frame": {
            name: 1e3 * sum(last.cpu_s[pid] - first.cpu_s[pid] for pid in own) / len(own) / frames
            for name, own in pids.items()
        },
        "rss_mb": {
            name: sum(watch.rss_bytes[pid] for pid in own) / len(own) / 1e6 for name, own in pids.items()
        },
    }


def _update_cpu_ms(learning: dict[str, Any], idle: dict[str, Any]) -> float | None:
    """What the xApp took beyond keeping experience, for each update; None where it made none."""
    if not learning["updates"]:
        return None
    beyond_ms = learning["cpu_ms_per_frame"]["xapp"] - idle["cpu_ms_per_frame"]["xapp"]
    return float(beyond_ms * learning["frames"] / learning["updates"])


def _processes(root: Path) -> dict[int, str]:
    """Services of the run in this folder by process id."""
    found = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            at = (place / "cwd").resolve()
        except OSError:
            continue  # It has ended meanwhile, or is another user's.
        if "redis-server" in words[0] and at == root / "redis":
            found[int(place.name)] = "redis"
        elif str(root / "scenario.yaml") in words:
            found[int(place.name)] = words[words.index("-m") + 1].removeprefix("cadran.")
    return found


def _cpu_s(pid: int) -> float:
    """Processor time of a process, all its threads [s]."""
    # The name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_bytes(pid: int) -> int:
    """Resident memory of a process [bytes]."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")

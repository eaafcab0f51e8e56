"""The supervisor keeps its children alive, ends them all, and leaves none behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cadran.testbed.supervisor import Backoff, Child, ChildFailedError, Phase, Supervisor, describe_exit

QUICK = Backoff(first_s=0.01, most_s=0.05, give_up_after=4)
SLEEP = "import time; time.sleep(60)"


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", textwrap.dedent(code), *arguments]


def child(folder: Path, name: str, code: str, **options: Any) -> Child:
    return Child(name, lambda _: python(code), folder / f"{name}.log", **options)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_pauses_grow_up_to_a_bound() -> None:
    backoff = Backoff(first_s=0.25, factor=2, most_s=5)
    assert [backoff.pause_s(n) for n in (1, 2, 3, 4, 5, 6, 60)] == [0.25, 0.5, 1, 2, 4, 5, 5]


async def test_a_dying_child_is_restarted_and_counted(tmp_path: Path) -> None:
    supervisor = Supervisor([child(tmp_path, "a", SLEEP), child(tmp_path, "b", SLEEP)], QUICK)
    stop = asyncio.Event()
    run = asyncio.create_task(supervisor.run(stop))
    await until(lambda: all(s.pid for s in supervisor.states()))
    first, other = (s.pid for s in supervisor.states())
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.states()[0].pid not in (None, first))
    states = supervisor.states()
    assert [s.restarts for s in states] == [1, 0]
    assert states[0].last_exit == -signal.SIGKILL
    assert states[1].pid == other
    stop.set()
    assert await run is None
    assert [s.phase for s in supervisor.states()] == [Phase.ENDED, Phase.ENDED]
    assert gone(states[0].pid or 0)
    assert gone(other or 0)


async def test_the_command_knows_the_number_of_restarts(tmp_path: Path) -> None:
    log = tmp_path / "count.log"
    counting = Child("count", lambda n: python("import sys; print(sys.argv[1]); sys.exit(1)", str(n)), log)
    with pytest.raises(ChildFailedError):
        await Supervisor([counting], QUICK).run(asyncio.Event())
    assert log.read_text().split() == ["0", "1", "2", "3"]


async def test_a_child_that_only_dies_is_given_up_in_one_line(tmp_path: Path) -> None:
    bad = child(tmp_path, "bad", "import sys; print('no room on the disc'); sys.exit(7)")
    with pytest.raises(
        ChildFailedError, match=r"bad died 4 times in a row, .*status 7: no room on the disc"
    ) as error:
        await Supervisor([child(tmp_path, "good", SLEEP), bad], QUICK).run(asyncio.Event())
    assert "\n" not in str(error.value)


async def test_a_refused_configuration_is_not_retried(tmp_path: Path) -> None:
    bad = child(tmp_path, "bad", "import sys; print('world.dus: 99 is too many'); sys.exit(2)")
    supervisor = Supervisor([bad], QUICK)
    with pytest.raises(ChildFailedError, match=r"refused its configuration: world\.dus: 99 is too many"):
        await supervisor.run(asyncio.Event())
    assert supervisor.restarts == {"bad": 0}


async def test_a_missing_program_is_told(tmp_path: Path) -> None:
    missing = Child("missing", lambda _: ["/no/such/program"], tmp_path / "missing.log")
    with pytest.raises(ChildFailedError, match="cannot start /no/such/program"):
        await Supervisor([missing], QUICK).run(asyncio.Event())


async def test_the_run_ends_with_the_child_that_may_end_it(tmp_path: Path) -> None:
    world = child(tmp_path, "world", "import time; time.sleep(0.2)", ends_run=True, stage=1)
    supervisor = Supervisor([child(tmp_path, "other", SLEEP), world], QUICK)
    assert await supervisor.run(asyncio.Event()) == "world"
    assert supervisor.restarts == {"other": 0, "world": 0}


async def test_stages_stop_from_the_highest(tmp_path: Path) -> None:
    code = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (print(time.monotonic()), sys.exit(0)))
        print("up", flush=True)
        time.sleep(60)
    """
    names = ["low", "middle-a", "middle-b", "high"]
    stages = [0, 1, 1, 2]
    children = [child(tmp_path, n, code, stage=s) for n, s in zip(names, stages, strict=True)]
    stop = asyncio.Event()
    run = asyncio.create_task(Supervisor(children, QUICK).run(stop))
    await until(lambda: all(c.log.exists() and "up" in c.log.read_text() for c in children))
    stop.set()
    await run
    low, middle_a, middle_b, high = (float(c.log.read_text().split()[1]) for c in children)
    assert high < min(middle_a, middle_b)
    assert max(middle_a, middle_b) < low


async def test_a_child_deaf_to_sigterm_is_killed_with_its_own_children(tmp_path: Path) -> None:
    code = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
        time.sleep(60)
    """
    deaf = child(tmp_path, "deaf", code, stop_timeout_s=0.2)
    told: list[str] = []
    supervisor = Supervisor([deaf], QUICK, told.append)
    stop = asyncio.Event()
    run = asyncio.create_task(supervisor.run(stop))
    await until(lambda: deaf.log.exists() and "\n" in deaf.log.read_text())
    pid = supervisor.states()[0].pid
    stop.set()
    await run
    assert told == ["deaf did not end within 0.2 s; killed"]
    assert gone(pid or 0)
    grandchild = int(deaf.log.read_text())
    await until(lambda: gone(grandchild))


async def test_a_child_that_begins_later_keeps_nobody_waiting_and_may_never_begin(tmp_path: Path) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def until_begun() -> None:
        await begun.wait()

    async def until_never() -> None:
        await never.wait()

    late = child(tmp_path, "late", SLEEP, begins=until_begun)
    absent = child(tmp_path, "absent", SLEEP, begins=until_never)
    supervisor = Supervisor([late, absent, child(tmp_path, "other", SLEEP)])
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    await until(lambda: supervisor.states()[2].phase is Phase.RUNNING)
    assert [state.phase for state in supervisor.states()[:2]] == [Phase.IDLE] * 2
    begun.set()
    await until(lambda: supervisor.states()[0].phase is Phase.RUNNING)
    stop.set()
    assert await asyncio.wait_for(running, 60) is None
    assert [state.phase for state in supervisor.states()] == [Phase.ENDED] * 3


async def test_later_children_wait_for_readiness(tmp_path: Path) -> None:
    asked: list[bool] = []

    async def ready() -> bool:
        asked.append((tmp_path / "second.log").exists())
        return len(asked) >= 3

    second = child(tmp_path, "second", "pass", ends_run=True)
    await Supervisor([child(tmp_path, "first", SLEEP, ready=ready), second], QUICK).run(asyncio.Event())
    assert asked == [False, False, False]


async def test_a_child_that_is_never_ready_fails_the_run(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    idle = child(tmp_path, "idle", SLEEP, ready=never, ready_timeout_s=0.2)
    with pytest.raises(ChildFailedError, match=r"idle was not ready within 0\.2 s"):
        await Supervisor([idle], QUICK).run(asyncio.Event())


async def test_cancelling_kills_at_once(tmp_path: Path) -> None:
    deaf = child(tmp_path, "deaf", "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(60)")
    supervisor = Supervisor([deaf], QUICK)
    run = asyncio.create_task(supervisor.run(asyncio.Event()))
    await until(lambda: supervisor.states()[0].pid is not None)
    pid = supervisor.states()[0].pid
    await asyncio.sleep(0.1)
    run.cancel()
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await until(lambda: gone(pid or 0))


def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    code = f"""
        import asyncio, sys
        from pathlib import Path
        from cadran.testbed.supervisor import Child, Supervisor
        children = [
            Child(n, lambda _: [sys.executable, "-c", {SLEEP!r}], Path({str(tmp_path)!r}) / n) for n in "abc"
        ]
        async def main():
            supervisor = Supervisor(children)
            running = asyncio.create_task(supervisor.run(asyncio.Event()))
            while not all(s.pid for s in supervisor.states()):
                await asyncio.sleep(0.01)
            print(*(s.pid for s in supervisor.states()), flush=True)
            await running
        asyncio.run(main())
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        assert len(pids) == 3
        assert not any(gone(pid) for pid in pids)
        supervisor.kill()
    deadline = time.monotonic() + 60
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline, "children outlived their supervisor"
        time.sleep(0.02)


def test_ends_are_told_in_words() -> None:
    assert describe_exit(3) == "exited with status 3"
    assert describe_exit(-9) == "was killed by SIGKILL"

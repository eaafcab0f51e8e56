"""A run from its settings to its summary, with services that only stand in for the real ones."""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import fake_run
import psutil
import pytest
import yaml

from cadran.dapp.__main__ import parser as dapp_parser
from cadran.lab.experiment import load_experiment
from cadran.ransim.__main__ import parser as ransim_parser
from cadran.rapp.__main__ import parser as rapp_parser
from cadran.runtime import ConfigError
from cadran.testbed import children as testbed_children
from cadran.testbed import run as testbed_run
from cadran.testbed import settings as testbed_settings
from cadran.testbed.children import Plan, Remaining, allocate
from cadran.testbed.folder import RunFolder, create
from cadran.testbed.joins import Join, parse_join
from cadran.testbed.prepare import write_scenario
from cadran.testbed.supervisor import ChildFailedError
from cadran.xapp.__main__ import parser as xapp_parser

LEVELS = ("hierarchy.decision_frames=5",)
SCENARIO = Path(__file__).parents[3] / "scenarios" / "smoke.yaml"
FAKE = Path(__file__).with_name("fake_service.py")


def settings(out: Path, **changes: object) -> testbed_settings.TestbedSettings:
    given = {"scenario": SCENARIO, "out": out, "frames": 1000, "pace": "fast", **changes}
    return testbed_settings.TestbedSettings.model_validate(given)


@pytest.fixture
def fake_services(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(module: str, plan: Plan, flags: Mapping[str, object]) -> list[str]:
        given = [word for flag, value in flags.items() if value is not None for word in (flag, str(value))]
        return [sys.executable, str(FAKE), module, *given]

    monkeypatch.setattr(testbed_children, "_service", fake)


def plan_for(folder: RunFolder, hierarchical: bool = False, served_s: float = 0.0, **changes: object) -> Plan:
    async def ready() -> bool:
        return True

    return Plan(
        settings=settings(folder.root, **changes),
        folder=folder,
        dus=2,
        addresses=allocate(2),
        redis_url="redis://127.0.0.1:1/0",
        redis_region="cadran",
        redis_ready=ready,
        redis_server=None,
        hierarchical=hierarchical,
        served_s=lambda: served_s,
        remaining=lambda: Remaining(700, None),
    )


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testbed_run, "write_report", lambda _: None)


def test_a_run_leaves_everything_in_its_folder(tmp_path: Path, fake_services: None) -> None:
    testbed = testbed_run.Testbed(settings(tmp_path / "run", seed=5, overrides=("world.ues=8",)))
    summary = testbed.run()
    folder = testbed.folder
    assert (summary.frames, summary.ended_by, summary.seed, summary.dus) == (1000, "frames", 5, 2)
    assert json.loads(folder.summary.read_text()) == json.loads(summary.to_json())
    assert summary.restarts == {"redis": 0, "xapp": 0, "dapp-0": 0, "dapp-1": 0, "ransim": 0}
    assert {path.name for path in folder.logs.iterdir()} >= {f"{name}.log" for name in summary.restarts}
    assert folder.report.read_text().startswith("<!doctype html>")
    assert folder.metrics.read_text().count("\n") > 2
    assert any(folder.plots.iterdir())
    resolved = yaml.safe_load(folder.scenario.read_text())
    assert resolved["world"]["ues"] == 8
    assert set(resolved) == {"name", "world", "problem", "learner", "clock", "link"}
    record = json.loads(folder.run_record.read_text())
    assert record["settings"]["seed"] == 5
    assert set(record["metrics"]) == {"ransim", "xapp", "dapp-0", "dapp-1"}


def test_the_resolved_scenario_resolves_to_itself(tmp_path: Path) -> None:
    first, again = RunFolder(tmp_path / "first"), RunFolder(tmp_path / "again")
    for folder in (first, again):
        folder.root.mkdir()
    write_scenario(first, load_experiment(SCENARIO, ("learner.lr=1e-5",)))
    write_scenario(again, load_experiment(first.scenario))
    assert again.scenario.read_text() == first.scenario.read_text()


def test_a_ran_that_dies_goes_on_with_what_is_left(
    tmp_path: Path, fake_services: None, no_report: None
) -> None:
    testbed = testbed_run.Testbed(settings(tmp_path / "run", frames=10_000))

    def kill_ransim() -> None:
        status = testbed.folder.ransim_status
        while not (status.exists() and json.loads(status.read_text())["frame"] >= 500):
            time.sleep(0.01)
        for process in psutil.Process().children():
            if "ransim" in process.cmdline():
                process.kill()

    killer = threading.Thread(target=kill_ransim)
    killer.start()
    summary = testbed.run()
    killer.join()
    assert summary.restarts["ransim"] == 1
    frames = [int(line.split("'--frames': '")[1].split("'")[0]) for line in ransim_starts(testbed.folder)]
    assert frames[0] == 10_000
    assert 100 <= frames[1] <= 10_000
    assert "ransim was killed by SIGKILL" in (testbed.folder.logs / "testbed.log").read_text()


def ransim_starts(folder: RunFolder) -> list[str]:
    return (folder.logs / "ransim.log").read_text().splitlines()


def test_resuming_goes_on_from_the_earlier_runs_state(
    tmp_path: Path, fake_services: None, no_report: None
) -> None:
    earlier = testbed_run.Testbed(settings(tmp_path / "earlier", frames=100))
    earlier.run()
    (earlier.folder.xapp / "checkpoint").write_text("networks")
    resumed = testbed_run.Testbed(settings(tmp_path / "resumed", frames=100, resume=earlier.folder.root))
    resumed.run()
    assert (resumed.folder.xapp / "checkpoint").read_text() == "networks"
    kept = {path.name for path in earlier.folder.redis.rglob("*.aof")}
    assert kept
    assert kept <= {path.name for path in resumed.folder.redis.rglob("*.aof")}


def test_ctrl_c_ends_in_order_with_a_summary_and_leaves_nobody(
    tmp_path: Path, fake_services: None, no_report: None
) -> None:
    testbed = testbed_run.Testbed(settings(tmp_path / "run", frames=None))
    before = psutil.Process().children()
    seen: list[psutil.Process] = []

    def interrupt() -> None:
        while not testbed.folder.ransim_status.exists():
            time.sleep(0.01)
        seen.extend(set(psutil.Process().children(recursive=True)) - set(before))
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    interrupter.start()
    summary = testbed.run()
    interrupter.join()
    assert summary.ended_by == "stopped"
    assert summary.redis_region == "cadran"
    assert summary.frames > 0
    assert len(seen) == 5
    assert not any(process.is_running() for process in seen)


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("told", flush=True))
print("deaf", flush=True)
time.sleep(60)
"""
    deaf = [sys.executable, "-c", code]
    monkeypatch.setattr(testbed_children, "_service", lambda *_: deaf)
    testbed = testbed_run.Testbed(settings(tmp_path / "run"))
    before = set(psutil.Process().children())
    seen: list[psutil.Process] = []

    def until_said(word: str, services: int) -> None:
        logs = ("xapp", "dapp-0", "dapp-1", "ransim")
        files = [testbed.folder.logs / f"{name}.log" for name in logs]
        while sum(file.exists() and word in file.read_text() for file in files) < services:
            time.sleep(0.01)

    def interrupt_twice() -> None:
        until_said("deaf", 4)
        seen.extend(set(psutil.Process().children()) - before)
        os.kill(os.getpid(), signal.SIGINT)
        until_said("told", 1)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt_twice)
    interrupter.start()
    with pytest.raises(KeyboardInterrupt):
        testbed.run()
    interrupter.join()
    assert len(seen) == 5
    _, alive = psutil.wait_procs(seen, timeout=60)
    assert alive == []
    assert "did not end" not in (testbed.folder.logs / "testbed.log").read_text()


def test_a_service_that_refuses_its_configuration_is_a_bad_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = [sys.executable, "-c", "import sys; print('trace: line 3 is no packet'); sys.exit(2)"]
    monkeypatch.setattr(testbed_children, "_service", lambda *_: refuse)
    with pytest.raises(ConfigError, match="refused its configuration: trace: line 3 is no packet"):
        testbed_run.Testbed(settings(tmp_path / "run")).run()


def test_a_service_that_cannot_live_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [sys.executable, "-c", "raise SystemExit(7)"]
    monkeypatch.setattr(testbed_children, "_service", lambda *_: broken)
    monkeypatch.setattr(asyncio, "sleep", _soon(asyncio.sleep))
    with pytest.raises(ChildFailedError, match="died 10 times in a row, last it exited with status 7"):
        testbed_run.Testbed(settings(tmp_path / "run")).run()


def _soon(sleep):
    async def short(seconds: float) -> None:
        await sleep(min(seconds, 0.01))

    return short


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"scenario": Path("none.yaml")}, "none.yaml: no such file"),
        ({"overrides": ("world.dus=0",)}, "world.dus"),
        ({"overrides": ("learner.batch=3",)}, "did you mean 'batch_size'"),
        ({"overrides": ("problem.reward=eq8",)}, "problem"),
        ({"overrides": ("link.policy_delay_frames=2",)}, "link: delay and loss"),
        ({"trace": Path("none.csv")}, "trace: none.csv: no such file"),
        ({"load": "none.csv"}, "load none.csv: cannot be read"),
        ({"overrides": ("world.load.profile=measured",)}, "needs a load over time, --load"),
        ({"policy": Path("none")}, "policy: none: no such directory"),
        ({"resume": Path("none")}, "resume: none is not a run folder"),
        ({"redis": "redis://127.0.0.1:1/0"}, "redis: nothing answers PING at"),
        ({"redis": "none"}, "redis: 'none' is not a Redis URL"),
    ],
)
def test_what_cannot_work_is_told_in_one_line_before_anything_is_written(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    with pytest.raises(ConfigError) as error:
        testbed_run.Testbed(settings(tmp_path / "run", **changes))
    assert text in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_every_service_understands_its_command_line(tmp_path: Path) -> None:
    plan = plan_for(create(tmp_path / "run"), trace=Path("t.csv"), load="l.csv:DL", seed=9)
    commands = {child.name: list(child.command(0)) for child in testbed_children.children(plan)}
    assert list(commands) == ["xapp", "dapp-0", "dapp-1", "ransim"]
    ransim = ransim_parser().parse_args(commands["ransim"][3:])
    assert (ransim.frames, ransim.seed, ransim.trace, ransim.load) == ("700", "9", "t.csv", "l.csv:DL")
    dapp = dapp_parser().parse_args(commands["dapp-1"][3:])
    assert (dapp.du, dapp.e3_connect) == ("1", ransim.e3_listen)
    assert commands["xapp"][commands["xapp"].index("--e2-listen") + 1] == ransim.e2_connect


def test_with_a_hierarchy_an_rapp_runs_that_delivers_to_the_xapp(tmp_path: Path) -> None:
    joins = (Join(du=1, after_s=30.0, cold=True),)
    plan = plan_for(create(tmp_path / "run"), hierarchical=True, learn=False, join_dus=joins)
    children = {child.name: child for child in testbed_children.children(plan)}
    assert list(children) == ["xapp", "rapp", "dapp-0", "dapp-1", "ransim"]
    xapp = xapp_parser().parse_args(list(children["xapp"].command(0))[3:])
    rapp = rapp_parser().parse_args(list(children["rapp"].command(0))[3:])
    assert (rapp.xapp, rapp.redis, rapp.learn) == (xapp.rest, plan.redis_url, False)
    assert xapp.cold_dus == [1]
    assert children["ransim"].environment["CADRAN_RANSIM_LATE_DUS"] == "[1]"
    assert children["xapp"].stage < children["rapp"].stage < children["dapp-0"].stage
    assert "rapp" in plan.addresses.scrape_targets(rapp=True)


async def test_a_du_joins_when_frames_have_been_served_for_so_long(tmp_path: Path) -> None:
    joins = (Join(du=0, after_s=0.0), Join(du=1, after_s=30.0))
    plan = plan_for(create(tmp_path / "run"), hierarchical=True, served_s=10.0, join_dus=joins)
    begins = {child.name: child.begins for child in testbed_children.children(plan)}
    assert [name for name, wait in begins.items() if wait is not None] == ["dapp-0", "dapp-1"]
    early, late = begins["dapp-0"], begins["dapp-1"]
    assert early is not None
    assert late is not None
    await asyncio.wait_for(early(), 60)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(late(), 0.3)


@pytest.mark.parametrize(
    ("text", "join"),
    [
        ("6@90", Join(du=6, after_s=90.0)),
        ("0@1.5m", Join(du=0, after_s=90.0)),
        (" 3@0s:cold ", Join(du=3, after_s=0.0, cold=True)),
        ("2@1h:cold", Join(du=2, after_s=3600.0, cold=True)),
    ],
)
def test_a_join_is_read_as_people_write_it(text: str, join: Join) -> None:
    assert parse_join(text) == join


@pytest.mark.parametrize(
    "text", ["", "6", "6@", "@3", "6@-1", "6@3d", "6@3:warm", "x@3", "6@nan", "6@3:cold:cold"]
)
def test_what_is_no_join_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match=r"e\.g\. 6@90s or 6@2m:cold"):
        parse_join(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"join_dus": (Join(du=2, after_s=1),)}, "no DU 2, there are DUs 0..1"),
        ({"join_dus": (Join(du=1, after_s=1), Join(du=1, after_s=2))}, "DU 1 is named 2 times"),
        ({"join_dus": (Join(du=1, after_s=9),), "duration_s": 9.0}, "the run ends after 9 s"),
        (
            {"join_dus": (Join(du=1, after_s=1),), "overrides": (*LEVELS, "clock.lockstep=true")},
            "without clock.lockstep",
        ),
        ({"policy": Path()}, "policy: .: with a hierarchy"),
        ({"evaluate": True}, "evaluate: decisions of two levels"),
    ],
)
def test_what_cannot_work_with_a_hierarchy_is_told_in_one_line(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    with pytest.raises(ConfigError, match=text):
        testbed_run.Testbed(settings(tmp_path / "run", **{"overrides": LEVELS, **changes}))
    assert not (tmp_path / "run").exists()


def test_without_a_hierarchy_no_du_joins(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="only in a scenario with a hierarchy"):
        testbed_run.Testbed(settings(tmp_path / "run", join_dus=(Join(du=1, after_s=1),)))


def test_services_compute_on_one_thread_each(tmp_path: Path) -> None:
    for child in testbed_children.children(plan_for(create(tmp_path / "run"))):
        assert child.environment["OMP_NUM_THREADS"] == "1"
        assert child.ends_run == (child.name == "ransim")


def test_in_real_time_the_learner_goes_last_and_otherwise_as_the_xapp_has_it(tmp_path: Path) -> None:
    folder = create(tmp_path / "run")
    xapps = {pace: testbed_children.children(plan_for(folder, pace=pace))[0] for pace in ("realtime", "fast")}
    assert xapps["realtime"].environment["CADRAN_XAPP_LEARNER_NICE"] == "19"
    assert "CADRAN_XAPP_LEARNER_NICE" not in xapps["fast"].environment


@pytest.mark.parametrize(
    ("kept_at", "changes", "text"),
    [
        (None, {"redis": "redis://127.0.0.1:1/0"}, "its experience is found only without --redis"),
        ("redis://there:1/0", {}, "its experience is found only with --redis redis://there:1/0"),
        ("redis://there:1/0", {"redis": "redis://here:1/0"}, "only with --redis redis://there:1/0"),
        (None, {"policy": Path()}, "policy: .: allowed only without resume"),
    ],
)
def test_a_run_is_resumed_only_with_its_own_experience_and_policies(
    tmp_path: Path, kept_at: str | None, changes: dict[str, object], text: str
) -> None:
    earlier = create(tmp_path / "earlier")
    url = kept_at or "redis://127.0.0.1:2/0"
    record = {"settings": {"redis": kept_at}, "redis": {"url": url, "region": "r"}}
    fake_run.write_json(earlier.run_record, record)
    with pytest.raises(ConfigError) as error:
        testbed_run.Testbed(settings(tmp_path / "run", resume=earlier.root, **changes))
    assert text in str(error.value)
    assert not (tmp_path / "run").exists()


def test_learning_can_be_off(tmp_path: Path) -> None:
    plan = plan_for(create(tmp_path / "run"), learn=False, policy=Path("p"))
    xapp = list(testbed_children.children(plan)[0].command(0))
    assert xapp[-1] == "--no-learn"
    assert xapp[xapp.index("--policy") + 1] == "p"

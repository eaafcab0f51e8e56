"""Bad input is one line that says what, where, and what is allowed, and exit status 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cadran import __version__, cli

SCENARIOS = Path(__file__).parents[3] / "scenarios"
SMOKE, DEMO = str(SCENARIOS / "smoke.yaml"), str(SCENARIOS / "demo.yaml")
MEASURED = "world.load.profile=measured"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cadran", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"cadran {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("up", "--scenario", "nowhere.yaml"), ("nowhere.yaml",)),
        (("up", "--scenario", SMOKE, "--set", "world.duss=2"), ("world.duss", "dus")),
        (("up", "--scenario", SMOKE, "--set", "worlds.dus=2"), ("worlds", "world")),
        (("up", "--scenario", SMOKE, "--set", "world.dus=0"), ("world.dus", "1")),
        (("up", "--scenario", SMOKE, "--set", "link.report_loss=0.1"), ("link", "laboratory")),
        (("up", "--scenario", SMOKE, "--set", "learner.critic=joint"), ("learner.critic", "shared")),
        (("up", "--scenario", SMOKE, "--set", "learner.gamma=1.5"), ("learner.gamma", "1")),
        (("up", "--scenario", SMOKE, "--duration", "soon"), ("--duration soon", "90s")),
        (("up", "--scenario", SMOKE, "--trace", "no-such-trace"), ("no-such-trace",)),
        (("up", "--scenario", SMOKE, "--load", "no-such-load:DL"), ("load no-such-load", "No such file")),
        (("up", "--scenario", SMOKE, "--load", f"{SMOKE}:DL"), (SMOKE, "no column 'DL'", "name: smoke")),
        (("up", "--scenario", SMOKE, "--set", MEASURED), ("world.load.profile", "--load FILE")),
        (("eval", "--scenario", SMOKE, "--policy", "pf", "--set", MEASURED), ("profile", "--load FILE")),
        (("ransim", "--scenario", SMOKE, "--set", MEASURED), ("world.load.profile", "--load FILE")),
        (("ransim", "--scenario", SMOKE, "--load", SMOKE), (f"load {SMOKE}, line 2", "first comma")),
        (("up", "--scenario", SMOKE, "--resume", "no-such-run"), ("no-such-run",)),
        (("up", "--scenario", SMOKE, "--policy", "no-such-folder"), ("no-such-folder",)),
        (("eval", "--scenario", SMOKE, "--policy", "no-such-rule"), ("no-such-rule", "equal")),
        (
            ("eval", "--scenario", DEMO, "--policy", "equal", "--set", "problem.reward=eq8"),
            ("achievable_rate",),
        ),
        (("up",), ("--scenario",)),
        (("up", "--scenario", SMOKE, "--frames", "0"), ("--frames", "1")),
        (("up", "--scenario", SMOKE, "--frame", "5"), ("--frame",)),
        (("up", "--scenario", SMOKE, "--seed", str(2**63)), ("--seed", str(2**63 - 1))),
        (("up", "--scenario", SMOKE, "--duration", "9" * 400), ("--duration", "90s")),
        (("replay", "export", "--redis", "foo", "--out", "rows.npz"), ("redis", "foo", "redis://")),
        (("replay", "export", "--run", "no-such-run", "--out", "rows.npz"), ("no-such-run", "run folder")),
        (("replay", "export", "--run", "no-such-run", "--out", "rows.csv"), ("--out rows.csv", ".npz")),
        (("replay", "export", "--out", "rows.npz"), ("--run", "--redis")),
        (("ransim", "--scenario", SMOKE, "--pace", "slow"), ("pace", "realtime")),
        (("dapp", "--scenario", SMOKE), ("du",)),
        (("dapp", "--scenario", SMOKE, "--du", "0", "--e3-connect", "here"), ("--e3-connect", "host:port")),
        (("xapp", "--scenario", "nowhere.yaml"), ("nowhere.yaml",)),
        (("lab", "tasam"), ("which study", "all", "table2")),
        (("lab", "tasam", "table2", "tabel3"), ("tabel3", "table3")),
        (("lab", "tasam", "table2", "--budget", "huge"), ("--budget", "smoke", "gpu")),
        (("lab", "tasam", "table2", "--seeds", "0"), ("--seeds", "1")),
        (("lab", "tasam", "table2"), ("scenarios", "no such file")),
        (("lab", "meta", "all", "--engine", "slurm"), ("--engine", "local", "ray")),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...],
    said: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == 2
    shown = capsys.readouterr()
    lines = shown.err.strip().splitlines()
    assert len(lines) == 1, shown.err
    assert shown.out == ""
    for word in said:
        assert word in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_one_line() -> None:
    code = "import sys; sys.modules['numba'] = None; from cadran import cli; cli.main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "up", "--scenario", SMOKE], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr == "cadran: needs the Python package numba: install cadran[testbed]\n"


def test_ray_that_is_not_installed_is_one_line() -> None:
    code = "import sys; sys.modules['ray'] = None; from cadran import cli; cli.main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "lab", "tasam", "table2", "--engine", "ray"],
        capture_output=True,
        text=True,
        check=False,
        cwd=SCENARIOS.parent,
    )
    assert ended.returncode == 2
    assert ended.stderr == "--engine ray: Ray is not installed; install cadran[ray]\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ray-address", "here:6379"), "--ray-address here:6379: goes with --engine ray only"),
        (("--engine", "ray", "--device", "cuda"), "--device cuda: allowed with --engine ray is cpu"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(
    options: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(SCENARIOS.parent)
    assert run(monkeypatch, "lab", "tasam", "table2", *options) == 2
    assert capsys.readouterr().err.strip() == said

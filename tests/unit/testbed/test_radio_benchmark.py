"""The radio's benchmark: what is compared with what, in processes of their own, from windows of time."""

from collections.abc import Mapping
from io import StringIO
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from cadran.testbed.radio_bench import ceiling, peer, report
from cadran.testbed.radio_bench.report import bench_radio
from cadran.testbed.radio_bench.scenario import Case, bench_decisions, bench_world
from cadran.testbed.radio_bench.table import bench_table
from cadran.testbed.radio_bench.timing import Effort, Window, measure, rates

BRIEF = Effort(warm_steps=1, windows=2, window_s=0.01)
RATES = {"per_s": 9_000.0, "per_s_best": 9_900.0, "per_cpu_s": 10_000.0, "per_cpu_s_best": 11_000.0}


class FakeRun:
    """Answers as the processes would, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any], int]] = []

    def __call__(self, module: str, arguments: Mapping[str, Any], threads: int) -> dict[str, Any]:
        self.asked.append((module, arguments, threads))
        if module.endswith(".ceiling"):
            return {name: 4 * value for name, value in RATES.items()}
        if module.endswith(".peer"):
            slow = {name: value / 1000 for name, value in RATES.items()}
            return {"name": "mobile-env 2.1.0", "stations": 6, "ues": 200, "rates": slow, "peak_mb": 190.0}
        in_turn = [{**RATES, "per_s": 9_000.0 * count} for count in arguments["case"]["threads"]]
        return {"rates": in_turn, "busy_fraction": 0.66, "peak_mb": 300.0}


def measured(monkeypatch: pytest.MonkeyPatch, with_peer: bool = True) -> tuple[dict[str, Any], FakeRun]:
    monkeypatch.setattr(peer, "installed", lambda: with_peer)
    monkeypatch.setattr(report, "cpus", lambda: 2)
    run = FakeRun()
    return bench_radio(lambda _: None, run=run), run


def test_all_cases_are_there_and_two_threads_beside_one(monkeypatch: pytest.MonkeyPatch) -> None:
    result, run = measured(monkeypatch)
    assert (result["cells"], result["ues"], result["rbs"]) == (6, 200, 100)
    found = [(r["mode"], r["csi_period_tti"], r["envs"], r["threads"]) for r in result["results"]]
    assert found == [
        (mode, period, envs, threads)
        for mode, period in (("per_rb", 1), ("rbg", 1), ("rbg", 5))
        for envs, threads in ((1, 1), (16, 1), (16, 2), (64, 1))
    ]
    assert all(threads == max(a["case"]["threads"]) for _, a, threads in run.asked if "case" in a)
    speedups = {r["threads"]: r["speedup_two_threads"] for r in result["results"]}
    assert speedups == {1: None, 2: 2.0}


def test_ratios_are_of_cpu_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = measured(monkeypatch)
    one = result["results"][0]
    assert "rates" not in result["peer"]
    assert one["ratio_to_peer"] == one["tti_per_cpu_s"] / result["peer"]["steps_per_cpu_s"] == 1000
    assert one["ratio_to_ceiling"] == one["tti_per_cpu_s"] / result["ceiling"]["tti_per_cpu_s"] == 0.25
    assert one["ue_tti_per_s"] == 200 * one["tti_per_s"]
    assert {r["ratio_to_ceiling"] for r in result["results"] if r["mode"] == "rbg"} == {None}


def test_growth_names_the_cost_of_a_link_and_rb(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = measured(monkeypatch)
    assert [(g["dus"], g["ues"]) for g in result["growth"]] == 2 * list(report.GROWTH_SIZES)
    for row in result["growth"]:
        assert row["links"] == row["dus"] * row["ues"]
        assert row["ns_per_link_rb"] == pytest.approx(1e9 / 10_000 / row["links"] / 100, rel=1e-4)


def test_a_peer_that_is_not_installed_is_null_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    result, run = measured(monkeypatch, with_peer=False)
    assert result["peer"] is None
    assert "cadran[peers]" in result["peer_note"]
    assert {r["ratio_to_peer"] for r in result["results"]} == {None}
    assert not any(module.endswith(".peer") for module, _, _ in run.asked)


@pytest.mark.parametrize("with_peer", [True, False])
def test_the_table_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, with_peer: bool) -> None:
    result, _ = measured(monkeypatch, with_peer)
    text = StringIO()
    Console(file=text, width=80).print(bench_table(result))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in text.getvalue()
    assert sum(line.startswith(("per_rb", "rbg")) for line in lines) == 12 + 8


def test_rates_are_the_median_and_the_best_window() -> None:
    found = rates([Window(10, 1.0, 0.5), Window(20, 1.0, 2.0), Window(12, 1.0, 1.0)], per_step=10)
    assert found == (120, 200, 120, 200)


def test_a_window_takes_whole_steps_and_one_at_least() -> None:
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1

    windows = measure(step, Effort(warm_steps=3, windows=4, window_s=0.0))
    assert [window.steps for window in windows] == [1, 1, 1, 1]
    assert taken == 3 + 4


@pytest.mark.parametrize(("dus", "ues"), report.GROWTH_SIZES)
def test_every_size_is_a_valid_world_with_the_full_step(dus: int, ues: int) -> None:
    case = Case("per_rb", 1, envs=1, dus=dus, ues=ues, full_buffer=True)
    world = bench_world(case)
    assert (world.dus, world.ues, world.rbs, world.ttis_per_frame) == (dus, ues, 100, 10)
    assert (world.channel.fading, world.link.adaptation, world.mobility.kind) == ("jakes", "mcs", "static")
    assert set(world.load.sources) == {"full_buffer"}
    assert case.links == dus * ues
    assert (bench_decisions(world, 2).max_rbs == (34, 33, 33)).all()


def test_modes_are_the_worlds() -> None:
    assert bench_world(Case("per_rb", 1, envs=1)).unit_rbs == (1,) * 100
    assert bench_world(Case("rbg", 5, envs=1)).unit_rbs == (8,) * 12 + (4,)
    assert bench_world(Case("rbg", 5, envs=1)).link.csi_period_ttis == 5


def test_the_ceiling_does_the_arithmetic_of_a_tti() -> None:
    inputs = ceiling.draw_inputs(dus=3, ues=10, units=8, rng=np.random.default_rng(1))
    work = ceiling.work_space(dus=3, units=8)
    ceiling.play(2, inputs, work)
    start = inputs.base + inputs.stride
    power = (inputs.values[start[..., None] + np.arange(8)].astype(np.uint32) << 16).view(np.float32)
    received = inputs.gain[..., None].astype(np.float64) * power
    for du, (first, beyond) in enumerate(pairwise(inputs.first_ue)):
        own = received[first:beyond, du]
        sinr = own / (1 + received[first:beyond].sum(axis=1) - own)
        metric = inputs.weight[first:beyond, None] * np.log2(1 + sinr)
        # The table has 16 steps per octave: 2 % of a SINR at most, and so of a metric.
        assert work.best[du] == pytest.approx(metric.max(axis=0), rel=0.04)
        won = np.take_along_axis(metric, work.winner[du][None] - first, axis=0)[0]
        assert (won >= 0.92 * metric.max(axis=0)).all()

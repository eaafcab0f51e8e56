"""What a person sees while the testbed runs: a view in the terminal, or a plain line now and then."""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cadran.lab.report.palette import DARK
from cadran.runtime.durations import clock
from cadran.testbed.series import SLICES
from cadran.testbed.snapshot import Snapshot, entry
from cadran.testbed.status import DuStatus, Means, RanStatus, RappStatus, XappStatus
from cadran.testbed.supervisor import ChildState, Phase

LINE_PERIOD_S = 10.0
WIDE = 120
HISTORY = 240
SPARKS = "▁▂▃▄▅▆▇█"
BLOCKS = " ▏▎▍▌▋▊▉█"


class Display(Protocol):
    """Shows snapshots of a run."""

    def show(self, snapshot: Snapshot) -> None:
        """Takes the newest snapshot."""


@dataclass(frozen=True)
class Headline:
    """What stays the same through a run: the scenario's name, the pace, where the run ends, the console."""

    scenario: str
    pace: str
    frames: int | None
    duration_s: float | None
    console: str | None = None


@contextmanager
def display(headline: Headline, live: bool) -> Iterator[Display]:
    """The live view where it is wanted and standard output is a terminal, else lines on standard error."""
    console = Console()
    if not (live and console.is_terminal):
        if headline.console:
            sys.stderr.write(f"console: {headline.console}\n")
        yield LineDisplay(headline)
        return
    view = LiveView(headline)
    with Live(view.render(console.width), console=console, auto_refresh=False, transient=False) as screen:
        yield _LiveDisplay(view, screen)


class LineDisplay:
    """One plain line on standard error about every ten seconds."""

    def __init__(self, headline: Headline) -> None:
        self._headline = headline
        self._next_s = 0.0

    def show(self, snapshot: Snapshot) -> None:
        """Writes a line if it is time for one."""
        if snapshot.elapsed_s < self._next_s:
            return
        self._next_s = snapshot.elapsed_s + LINE_PERIOD_S
        sys.stderr.write(progress_line(self._headline, snapshot) + "\n")
        sys.stderr.flush()


def progress_line(headline: Headline, snapshot: Snapshot) -> str:
    """The state of the run in one line of plain text."""
    ran, xapp = snapshot.ran, snapshot.xapp
    parts = [f"{headline.scenario} {clock(snapshot.elapsed_s)}"]
    if ran is None:
        parts.append("starting")
    else:
        parts.append(f"frame {snapshot.frames:,}, {ran.frames_per_s:.0f}/s")
        parts.append(
            f"reward {number(snapshot.reward_sampled)} sampled, "
            f"{number(snapshot.reward_deterministic)} deterministic"
        )
        parts.append(f"missed {snapshot.missed_frames}")
    if xapp is not None:
        parts.append(f"stored {sum(xapp.stored):,}, updates {xapp.updates:,}, policy {versions(xapp)}")
    parts.append(f"restarts {snapshot.restarts}")
    return " | ".join(parts)


@dataclass
class _LiveDisplay:
    view: "LiveView"
    screen: Live

    def show(self, snapshot: Snapshot) -> None:
        self.view.take(snapshot)
        self.screen.update(self.view.render(self.screen.console.width), refresh=True)


@dataclass
class LiveView:
    """The live view: takes snapshots, renders the newest for a terminal of 80 columns or more."""

    headline: Headline
    _rewards: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))
    _newest: Snapshot | None = None

    def take(self, snapshot: Snapshot) -> None:
        """Remembers the newest snapshot and the course of the reward."""
        self._newest = snapshot
        if snapshot.reward_sampled is not None:
            self._rewards.append(snapshot.reward_sampled)

    def render(self, width: int) -> Group:
        """The view as rich renderables."""
        snapshot = self._newest
        if snapshot is None or snapshot.ran is None:
            children = snapshot.children if snapshot else ()
            return Group(
                Text(f"Cadran  {self.headline.scenario}: starting", style="bold"), _processes(children)
            )
        return Group(
            self._title(snapshot, snapshot.ran),
            Text(),
            _du_table(snapshot.ran, snapshot.xapp, wide=width >= WIDE),
            Text(),
            self._facts(snapshot, snapshot.ran, min(width, WIDE) - 58),
            Text(),
            _processes(snapshot.children),
            *(Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in snapshot.events[-2:]),
        )

    def _facts(self, snapshot: Snapshot, ran: RanStatus, width: int) -> Table:
        table = _facts(snapshot, ran, self._spark(width))
        if self.headline.console:
            table.add_row("console", self.headline.console)
        return table

    def _title(self, snapshot: Snapshot, ran: RanStatus) -> Text:
        end = self.headline
        frames = f"frame {snapshot.frames:,}" + (f" of {end.frames:,}" if end.frames else "")
        elapsed = clock(snapshot.served_s) + (f" of {clock(end.duration_s)}" if end.duration_s else "")
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f"Cadran  {end.scenario}", style="bold")
        text.append(f"   {elapsed}   {frames}   {ran.frames_per_s:.0f} frames/s ({end.pace})")
        return text

    def _spark(self, width: int) -> str:
        return sparkline(list(self._rewards), width)


def _du_table(ran: RanStatus, xapp: XappStatus | None, wide: bool) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("DU", justify="right")
    for name, colour in zip(SLICES, DARK.slices, strict=True):
        table.add_column(f"{name} QoS", style=colour, no_wrap=True)
    table.add_column("PRB shares", no_wrap=True)
    adapting = xapp is not None and xapp.shots is not None
    for name in ("reward", *(("shots",) if adapting else ("TD var", "SAM")), "policy"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("acts by", no_wrap=True)
    for du in ran.dus:
        table.add_row(*_du_row(du, xapp, wide))
    return table


def _du_row(du: DuStatus, xapp: XappStatus | None, wide: bool) -> list[Text | str]:
    cells = 10 if wide else 5
    return [
        str(du.du),
        *(_quality(value, cells) for value in du.qos),
        _share_bar(du.prb_share, 20 if wide else 10, numbers=wide),
        number(du.reward),
        *_learner_cells(xapp, du.du),
        f"v{du.policy_version}",
        (du.source or "–") if du.connected else Text("gone", style="bold red"),
    ]


def _learner_cells(xapp: XappStatus | None, du: int) -> list[str]:
    """What the learner tells of one DU: its shots where DUs adapt, else its TD errors and steps."""
    if xapp is not None and xapp.shots is not None:
        shots = entry(xapp.shots, du)
        return ["–" if shots is None else str(shots)]
    sam = entry(xapp.sam_on, du) if xapp else None
    return [
        compact(entry(xapp.td_variance, du) if xapp else None),
        "–" if sam is None else ("on" if sam else "off"),
    ]


def _quality(value: float | None, cells: int) -> str:
    return "–" if value is None else f"{bar(value, cells)} {value:.2f}"


def _share_bar(means: Means, width: int, numbers: bool) -> Text:
    """Three blocks side by side whose lengths are the shares; what no slice has stays dim."""
    shares = [mean or 0.0 for mean in means]
    # A slice may borrow: under proportional fair each one could have had every PRB, so shares may exceed 1.
    total = max(1.0, sum(shares))
    edges = [round(width * sum(shares[: i + 1]) / total) for i in range(len(shares))]
    text, start = Text(), 0
    for edge, colour in zip(edges, DARK.slices, strict=True):
        text.append("█" * (edge - start), style=colour)
        start = edge
    text.append("░" * (width - start), style="dim")
    if numbers:
        text.append(" " + "/".join(f"{100 * share:.0f}" for share in shares) + " %")
    return text


def _facts(snapshot: Snapshot, ran: RanStatus, spark: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True, min_width=12)
    table.add_column(no_wrap=True)
    table.add_row(
        "reward",
        f"sampled {number(snapshot.reward_sampled)}   "
        f"deterministic {number(snapshot.reward_deterministic)}   {spark}",
    )
    xapp = snapshot.xapp
    if xapp is not None:
        table.add_row("learner", _learner_text(xapp))
        table.add_row(
            "experience",
            f"reported {ran.reports.rows:,}   acknowledged {ran.reports.acked:,}   "
            f"stored {sum(xapp.stored):,}",
        )
    if snapshot.rapp is not None:
        table.add_row("rApp", _rapp_text(snapshot.rapp))
    latency = ran.loop_latency_ms
    table.add_row(
        "loop latency",
        f"median {compact(latency.p50)} ms   p99 {compact(latency.p99)} ms   max {compact(latency.max)} ms",
    )
    table.add_row("frames", f"missed {snapshot.missed_frames:,}   by fallback {snapshot.fallback_frames:,}")
    return table


def _learner_text(xapp: XappStatus) -> Text:
    if xapp.alert:
        return Text(xapp.alert, style="bold red")
    if not xapp.learning:
        return Text(f"off   policy {versions(xapp)}")
    if xapp.shots is not None:
        return Text(f"{xapp.updates:,} shots   policy {versions(xapp)}")
    return Text(
        f"{xapp.updates:,} updates, {xapp.updates_per_s:.0f}/s   "
        f"critic loss {compact(xapp.critic_loss)}   beta {compact(xapp.beta)}"
    )


def _rapp_text(rapp: RappStatus) -> Text:
    if rapp.alert:
        return Text(rapp.alert, style="bold red")
    promoted = "none promoted yet" if rapp.promoted is None else f"initialisation v{rapp.promoted}"
    return Text(f"{rapp.iterations:,} meta-iterations   {promoted}")


def _processes(children: tuple[ChildState, ...]) -> Text:
    text = Text("processes  ", style="bold")
    running = sum(child.phase is Phase.RUNNING for child in children)
    down = [child for child in children if child.phase is Phase.WAITING]
    restarted = [child for child in children if child.restarts]
    later = [child.name for child in children if child.phase is Phase.IDLE]
    text.append(f"{running} of {len(children)} run", style="not bold")
    if later:
        text.append("   to come: " + ", ".join(later), style="not bold")
    if down:
        text.append("   down: " + ", ".join(child.name for child in down), style="bold red")
    names = ", ".join(f"{child.name} ×{child.restarts}" for child in restarted) or "none"
    text.append(f"   restarts: {names}", style="not bold")
    return text


def number(value: float | None) -> str:
    """Three decimals, or a dash."""
    return "–" if value is None else f"{value:.3f}"


def compact(value: float | None) -> str:
    """Two significant digits without a power of ten for what is read as a quantity, or a dash."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def versions(xapp: XappStatus) -> str:
    """The policy versions published: one number, or their range."""
    known = [version for version in xapp.policy_versions if version is not None]
    if not known:
        return "–"
    low, high = min(known), max(known)
    return f"v{high}" if low == high else f"v{low}–v{high}"


def bar(share: float, cells: int) -> str:
    """A horizontal bar of ``cells`` characters, filled to ``share`` in [0, 1] by eighths."""
    eighths = round(min(1.0, max(0.0, share)) * cells * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (BLOCKS[rest] if rest else "")).ljust(cells)


def sparkline(values: list[float], width: int) -> str:
    """The course of ``values`` in at most ``width`` characters, each the mean of an equal part."""
    if len(values) < 2 or width < 1:
        return ""
    columns = min(width, len(values))
    edges = [round(i * len(values) / columns) for i in range(columns + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, span = min(means), max(max(means) - min(means), 1e-9)
    return "".join(SPARKS[int((mean - low) / span * (len(SPARKS) - 1) + 0.5)] for mean in means)

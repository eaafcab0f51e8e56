"""What a run came to, as tables for the terminal."""

from rich.table import Table

from cadran.lab.evaluation import Evaluation
from cadran.lab.report.palette import DARK
from cadran.testbed.series import SLICES
from cadran.testbed.summary import RunSummary


def evaluation_table(evaluation: Evaluation) -> Table:
    """One line per policy, the best first, within 80 columns.

    Mean reward with its interval, quality of each slice, and what the subject has over it.
    """
    table = Table(
        title=f"{evaluation.episodes} held-out episodes of {evaluation.frames_per_episode} frames, "
        "the same for every policy; 95 % intervals\n"
        f"difference: {evaluation.subject} minus the policy of the line\n",
        title_justify="left",
        title_style="none",
        caption="\n".join(f"{one.name}: {one.detail}" for one in evaluation.results if one.detail),
        caption_justify="left",
        caption_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("policy", no_wrap=True)
    table.add_column("reward", justify="right", no_wrap=True)
    for name, colour in zip(SLICES, DARK.slices, strict=True):
        table.add_column(name, justify="right", style=colour)
    table.add_column("difference", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    differences = {difference.other: difference.interval for difference in evaluation.differences}
    for result in sorted(evaluation.results, key=lambda one: -one.reward.value):
        reward, gap = result.reward, differences.get(result.name)
        table.add_row(
            result.name,
            f"{reward.value:.3f} {reward.low:.3f}…{reward.high:.3f}",
            *(f"{value:.2f}" for value in result.qos),
            "" if gap is None else f"{gap.value:+.3f} {gap.low:+.3f}…{gap.high:+.3f}",
            "" if gap is None else gap.verdict,
            style="bold" if result.name == evaluation.subject else None,
        )
    return table


def summary_table(summary: RunSummary) -> Table:
    """The run in a few lines."""
    table = Table(title=f"{summary.scenario}, seed {summary.seed}", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("how much")
    lost = f"{summary.missed_frames} missed, {summary.fallback_frames} by the fallback scheduler"
    rows = {
        "frames": f"{summary.frames} at {summary.frames_per_s:g} frames/s ({summary.dus} DUs)",
        "decisions": lost,
        "transitions": f"{summary.transitions_reported} reported, {summary.transitions_stored} stored "
        f"(region {summary.redis_region})",
        "learner": f"{summary.updates} updates, policy versions {_span(summary.policy_versions)}",
        "reward": f"{_number(summary.reward_mean_sampled)} exploring, "
        f"{_number(summary.reward_mean_deterministic)} by the mean",
        "loop latency": f"{_number(summary.loop_latency_p50_ms)} ms median, "
        f"{_number(summary.loop_latency_p99_ms)} ms p99",
        "bytes": f"{summary.bytes_offered} offered, {summary.bytes_delivered} delivered, "
        f"{summary.bytes_dropped} dropped",
    }
    if summary.trace_bytes_played is not None:
        rows["trace"] = f"{summary.trace_bytes_played} bytes played, {summary.trace_bytes_offered} offered"
    restarted = ", ".join(f"{name} {count}" for name, count in summary.restarts.items() if count)
    rows["restarts"] = restarted or "none"
    for what, how_much in rows.items():
        table.add_row(what, how_much)
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _span(versions: tuple[int, ...]) -> str:
    low, high = min(versions, default=0), max(versions, default=0)
    return str(high) if low == high else f"{low} to {high}"

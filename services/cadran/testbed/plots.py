"""A run's figures (PNG): what was learned, what each slice got, how the learner did, who is better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cadran.lab.report.palette import DARK, LIGHT, Palette
from cadran.lab.report.style import HEIGHT_IN, WIDTH_IN, legend, logarithmic, style_of
from cadran.testbed.series import SLICES, Episodes, LearnerSeries, Series, ShotSeries, moving_mean

# Curves are moving means over this part of the run, so that they stay readable whatever its length.
WINDOW_PART = 20
WINDOW_LEAST = 5
LINES = ("-", "--", "-.")
TIME_LABEL = "time since the start of the run (s)"


Draw = Callable[[Axes, Palette], None]


@dataclass(frozen=True)
class Caption:
    """One figure of the report: its file's name, its title, and what it shows."""

    file: str
    title: str
    caption: str

    def light_in(self, folder: Path) -> Path:
        """The picture for light backgrounds, in the folder of plots."""
        return folder / self.file

    def dark_in(self, folder: Path) -> Path:
        """The picture for dark backgrounds."""
        return folder / "dark" / self.file


@dataclass(frozen=True)
class Bar:
    """A policy's mean reward with its 95 % interval."""

    name: str
    mean: float
    low: float
    high: float


def write_plots(
    folder: Path,
    episodes: Episodes,
    learner: LearnerSeries,
    shots: Sequence[ShotSeries],
    bars: Sequence[Bar],
    origin_s: float,
) -> list[Caption]:
    """Writes every figure for which there is something to show, for light and for dark backgrounds.

    Args:
        folder: where the PNG files go.
        episodes: of the run.
        learner: progress of the learner.
        shots: adaptation of DUs; empty where decisions have one level.
        bars: the evaluation's policies, the learned one first; may be empty.
        origin_s: Unix time of the run's start.

    Returns:
        The figures written, in the order of the report.
    """
    since = Since(origin_s)
    written: list[Caption] = []

    def add(caption: Caption, draw: Draw, height_in: float = HEIGHT_IN) -> None:
        for path, palette in ((caption.light_in(folder), LIGHT), (caption.dark_in(folder), DARK)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with mpl.rc_context(style_of(palette)):
                figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
                axes = figure.subplots()
                draw(axes, palette)
                axes.set_title(caption.title)
                figure.savefig(path)
        written.append(caption)

    if bars:
        add(
            EVALUATION,
            lambda axes, palette: draw_evaluation(axes, palette, bars),
            max(HEIGHT_IN, 1.1 + 0.38 * len(bars)),
        )
    if len(episodes) > 1:
        add(LEARNING, lambda axes, palette: draw_reward(axes, palette, episodes, since))
        add(QUALITY, lambda axes, palette: draw_quality(axes, palette, episodes, since))
        add(SHARES, lambda axes, palette: draw_shares(axes, palette, episodes, since))
    if any(len(series.reward) > 1 for series in shots):
        add(ADAPTATION, lambda axes, palette: draw_adaptation(axes, palette, shots))
    if len(learner) > 1:
        add(CRITIC, lambda axes, palette: draw_critic_loss(axes, palette, learner, since))
        add(TD_VARIANCE, lambda axes, palette: draw_td_variance(axes, palette, learner, since))
    if np.nanmax(learner.sam_share, initial=0.0) > 0:
        add(SAM, lambda axes, palette: draw_sam_duty(axes, palette, learner, since))
    return written


EVALUATION = Caption(
    "evaluation.png",
    "Evaluation on held-out episodes",
    "Mean reward of each policy on the same episodes, none of which was used for learning. "
    "Whiskers: 95 % intervals over episodes.",
)
LEARNING = Caption(
    "learning-curve.png",
    "Reward while learning",
    "Moving mean over episodes. Line: mean over DUs; band: lowest to highest DU. "
    "Most episodes are played by sampling, so that the learner sees what else there is; "
    "some are played by the policy's mean, as it would be deployed.",
)
QUALITY = Caption(
    "quality.png",
    "Quality of service per slice",
    "Moving mean over episodes, mean over DUs. 1: every user of the slice got what it needs in every frame.",
)
SHARES = Caption(
    "prb-shares.png",
    "PRBs per slice",
    "Share of the physical resource blocks that each slice was given. "
    "Moving mean over episodes, mean over DUs.",
)
ADAPTATION = Caption(
    "adaptation.png",
    "Reward while adapting",
    "One line per DU and start: mean reward per frame by the shots made since, moving mean over 5 shots. "
    "DUs stand in different places, so lines compare with themselves rather than with each other.",
)
CRITIC = Caption(
    "critic-loss.png",
    "Critic loss",
    "Squared TD error of the global critic. Thin: as logged; thick: moving mean.",
)
TD_VARIANCE = Caption(
    "td-variance.png",
    "Variance of the TD error",
    "How far the critic's errors spread within a batch. Line: mean over DUs; band: lowest to highest DU.",
)
SAM = Caption(
    "sam.png",
    "Sharpness-aware updates (SAM)",
    "How often the actors' updates were sharpness-aware. Line: mean over DUs; band: lowest to highest DU.",
)


@dataclass(frozen=True)
class Since:
    """A time axis that starts at a Unix time."""

    origin_s: float

    def label(self, axes: Axes, wall_s: Series) -> Series:
        """Labels the axis; gives the Unix times as seconds since its start."""
        axes.set_xlabel(TIME_LABEL)
        return wall_s - self.origin_s


def window(count: int) -> int:
    """Entries in the moving mean of a curve of ``count`` entries."""
    return max(WINDOW_LEAST, count // WINDOW_PART)


def draw_reward(axes: Axes, palette: Palette, episodes: Episodes, since: Since) -> None:
    """Reward per episode, sampled and deterministic: line = mean over DUs, band = lowest to highest DU."""
    kinds = (
        (False, "sampled (exploring)", palette.sampled),
        (True, "deterministic (as deployed)", palette.deterministic),
    )
    for deterministic, label, colour in kinds:
        chosen = episodes.where(episodes.deterministic == deterministic)
        if len(chosen) > 0:
            curves = moving_mean(chosen.reward, window(len(chosen)))
            _band(axes, since.label(axes, chosen.wall_s), curves, colour, label)
    axes.set_ylabel("reward per frame")
    legend(axes, columns=len(axes.lines))


def draw_quality(axes: Axes, palette: Palette, episodes: Episodes, since: Since) -> None:
    """Quality of each slice, mean over DUs."""
    _slices(axes, palette, episodes.qos.mean(axis=1), since.label(axes, episodes.wall_s))
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("quality (0 to 1)")


def draw_shares(axes: Axes, palette: Palette, episodes: Episodes, since: Since) -> None:
    """Share of the PRBs given to each slice, mean over DUs."""
    _slices(axes, palette, 100 * episodes.prb_share.mean(axis=1), since.label(axes, episodes.wall_s))
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share of the PRBs (%)")


def draw_adaptation(axes: Axes, palette: Palette, shots: Sequence[ShotSeries]) -> None:
    """Reward by shots: a line per DU and start, in one colour for initialisations, in another for fresh."""
    kinds = (
        (True, "from an initialisation", palette.deterministic),
        (False, "from fresh networks", palette.sampled),
    )
    for initialised, label, colour in kinds:
        chosen = [series for series in shots if (series.initialisation is not None) == initialised]
        for number, series in enumerate(chosen):
            name = None if number else label
            curve = moving_mean(series.reward, WINDOW_LEAST)
            axes.plot(np.arange(len(curve)), curve, color=colour, label=name)
            axes.annotate(f"DU {series.du}", (len(curve) - 1, curve[-1]), color=colour, fontsize=11)
    axes.set_xlabel("shots since the start")
    axes.set_ylabel("reward per frame")
    legend(axes, columns=2)


def draw_critic_loss(axes: Axes, palette: Palette, learner: LearnerSeries, since: Since) -> None:
    """The critic's loss on a logarithmic scale: thin = as logged, thick = moving mean."""
    time_s = since.label(axes, learner.wall_s)
    axes.plot(time_s, learner.critic_loss, color=palette.learner, alpha=0.3, linewidth=1)
    axes.plot(time_s, moving_mean(learner.critic_loss, window(len(learner))), color=palette.learner)
    logarithmic(axes)
    axes.set_ylabel("loss")


def draw_td_variance(axes: Axes, palette: Palette, learner: LearnerSeries, since: Since) -> None:
    """Variance of each DU's TD error on a logarithmic scale."""
    curves = moving_mean(learner.td_variance, window(len(learner)))
    _band(axes, since.label(axes, learner.wall_s), curves, palette.learner, None)
    logarithmic(axes)
    axes.set_ylabel("variance")


def draw_sam_duty(axes: Axes, palette: Palette, learner: LearnerSeries, since: Since) -> None:
    """Share of the actors' updates that were sharpness-aware."""
    curves = 100 * moving_mean(learner.sam_share, window(len(learner)))
    _band(axes, since.label(axes, learner.wall_s), curves, palette.learner, None)
    axes.set_ylim(-3, 103)
    axes.set_ylabel("share of updates (%)")


def draw_evaluation(axes: Axes, palette: Palette, bars: Sequence[Bar]) -> None:
    """Mean rewards as horizontal bars with whiskers, the best on top; the first of ``bars`` stands out."""
    order = sorted(bars, key=lambda bar: bar.mean)
    means = np.array([bar.mean for bar in order])
    whiskers = np.array([[bar.mean - bar.low, bar.high - bar.mean] for bar in order]).T
    colours = [palette.deterministic if bar == bars[0] else palette.sampled for bar in order]
    axes.barh([bar.name for bar in order], means, color=colours, height=0.68)
    axes.errorbar(
        means, range(len(order)), xerr=whiskers, fmt="none", ecolor=palette.ink, capsize=4, elinewidth=1.6
    )
    highest = max(bar.high for bar in order)
    span = highest - min(0.0, min(bar.low for bar in order))
    for row, bar in enumerate(order):
        axes.text(max(bar.high, 0.0) + 0.015 * span, row, f"{bar.mean:.3f}", va="center", fontsize=11)
    axes.set_xlim(right=highest + 0.12 * span)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("mean reward per frame")


def _band(axes: Axes, time_s: Series, curves: Series, colour: str, label: str | None) -> None:
    """Curves [N, dus]: their mean as a line, their lowest to highest as a band."""
    axes.fill_between(time_s, curves.min(axis=1), curves.max(axis=1), color=colour, alpha=0.2, linewidth=0)
    axes.plot(time_s, curves.mean(axis=1), color=colour, label=label)


def _slices(axes: Axes, palette: Palette, values: Series, time_s: Series) -> None:
    """Curves [N, 3], each in its slice's colour and line style."""
    curves = moving_mean(values, window(len(values)))
    for index, (name, colour, line) in enumerate(zip(SLICES, palette.slices, LINES, strict=True)):
        axes.plot(time_s, curves[:, index], color=colour, linestyle=line, label=name)
    legend(axes, columns=len(axes.lines))

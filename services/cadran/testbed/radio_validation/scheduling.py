"""Proportional fairness over Rayleigh fading against its closed form."""

import numpy as np
from matplotlib.figure import Figure as Canvas

from cadran.lab.report.style import legend
from cadran.radio import EMBB, Radio, hashing
from cadran.radio.hashing import frame_key
from cadran.radio.link import window
from cadran.radio.state import State
from cadran.radio.tables import fading_of
from cadran.testbed.radio_validation.check import Array, Check, Figure, Theme
from cadran.testbed.radio_validation.style import COLOURS, FOUND, THEORY
from cadran.testbed.radio_validation.worlds import dedicate, one_slice, set_gains, start

FRAMES = 500
USERS = (1, 2, 5, 10, 20, 33)
CHECKED = (2, 10, 33)
SOURCE = "H_K = 1 + 1/2 + ... + 1/K"


def scheduling(frames: int = FRAMES) -> Theme:
    """The theme, from runs of ``frames`` TTIs."""
    found = {users: scheduled(users, frames, "pf") for users in USERS}
    blind = {users: scheduled(users, frames, "rr")[0] for users in USERS}
    checks = []
    for users in CHECKED:
        expected = harmonic(users)
        gain, shares = found[users]
        name = f"gain of the scheduled link, {users} UEs"
        checks.append(Check(name, gain, expected, 0.02 * expected, "x mean", SOURCE))
        largest = float(shares.max()) * users
        name = f"largest share of RBs over 1/{users}"
        checks.append(Check(name, largest, 1.0, 0.1, "", "equal by symmetry"))
    checks.append(
        Check(
            "round robin: gain of the scheduled link, 10 UEs",
            blind[10],
            1.0,
            0.02,
            "x mean",
            "no choice, no gain",
        )
    )
    return Theme(
        "Proportional fair scheduling",
        "One DU and K UEs with full buffers and equal mean gains over independent Rayleigh fading. The "
        "scheduler gives every RB to the best of K exponential gains, whose mean is the harmonic number H_K, "
        "and every UE the share 1/K. Round robin is blind to fading and gains nothing.",
        checks,
        [
            Figure(
                "pf-gain.png",
                "Mean power gain of the links that were scheduled, over the mean of all. Dashed: H_K.",
                lambda canvas: _draw(canvas, {k: v[0] for k, v in found.items()}, blind),
            )
        ],
    )


def harmonic(users: int) -> float:
    """H_K."""
    return float((1 / np.arange(1, users + 1)).sum())


def scheduled(users: int, frames: int, scheduler: str) -> tuple[float, Array]:
    """Mean fading of the links that were granted RBs, and each UE's share of them."""
    world = one_slice(
        users,
        channel={"fading": "rayleigh"},
        link={"max_spectral_efficiency": 20.0},
        load={"sources": ["full_buffer"] * 3},
        mac={"schedulers": [scheduler] * 3},
        # A long memory, so that the mean rates, which fading's samples blur, do not bend the choice.
        kpis={"average": 0.001},
    )
    radio = Radio(world)
    state = start(radio, 1)
    set_gains(state, 1.0)
    state.ues.mean_se[:] = 1.0
    decisions = dedicate(world, 1)
    grants, total = np.zeros(users), 0.0
    for _ in range(frames):
        radio.step(state, decisions)
        winner = state.core.ue_of_unit[0, 0].astype(np.int64)
        total += float(_fading(radio, state, users)[winner, np.arange(world.rbs)].sum())
        grants += np.bincount(winner, minlength=users)
    return total / grants.sum(), grants / grants.sum()


def _fading(radio: Radio, state: State, users: int) -> Array:
    """Fading of each UE on each RB in the TTI just played, float64[users, K]."""
    fading, world = fading_of(radio.world, radio.fading), radio.world
    key_a, key_b = (int(key) for key in state.core.keys[0])
    key = frame_key(key_a, key_b, int(state.core.frame[0]) - 1, hashing.FADING)
    rows = []
    for u in range(users):
        base, row = int(state.ues.fading_base[0, 0, EMBB, u, 0]), int(state.ues.fading_row[0, 0, EMBB, u, 0])
        first = window(fading, base, row, 0, key, u)
        rows.append(radio.fading.values[first : first + world.rbs])
    patterns = np.array(rows).astype(np.uint32) << np.uint32(16)
    return patterns.view(np.float32).astype(np.float64)


def _draw(canvas: Canvas, found: dict[int, float], blind: dict[int, float]) -> None:
    axes = canvas.subplots()
    axes.plot(list(found), list(found.values()), color=COLOURS[0], label="proportional fair", **FOUND)
    axes.plot(list(blind), list(blind.values()), color=COLOURS[5], label="round robin", **FOUND)
    users = range(1, max(USERS) + 1)
    axes.plot(users, [harmonic(k) for k in users], label="H_K", **THEORY)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("UEs that compete")
    axes.set_ylabel("gain of the scheduled link")
    axes.set_title("Multi-user diversity")
    legend(axes, 3)

"""The `hierarchy` section of a scenario: how a decision is shared between a slow and a fast level.

The form is that of arXiv 2512.13715: a higher level gives slices their RBs and a lower one gives users RBs
and power. That paper's equations of state, action and reward are not public in full, so all numbers here
are ASSUMED; each says why it was chosen.
"""

from __future__ import annotations

from pydantic import Field

from cadran.problem.spec import NonNegative, Positive, Section


class HierarchySpec(Section):
    """Two levels of decision: RBs of slices every few frames, RBs and power of users in each."""

    decision_frames: int = Field(
        10,
        ge=1,
        description="frames from one decision of the higher level to the next, H; ASSUMED: 10 keeps an "
        "episode of 100 frames useful to learn from; a non-real-time loop is slower than 1 s, so 100 or more",
    )
    slice_gain: Positive = Field(
        4.0, description="g in RB shares of slices = softmax(g (2a - 1)); ASSUMED: reaches 99.9 %"
    )
    user_gain: Positive = Field(
        2.0,
        description="g in RB shares of a slice's users = softmax(g (2a - 1)); ASSUMED: one user in 16 can "
        "get 78 % of them, and exploring moves shares less than it does those of slices",
    )
    power_floor: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="least power of a granted RB, as a fraction of the most; ASSUMED: 10 dB below it a "
        "transmission is seldom worth its RB, and 0 would be a grant of nothing",
    )
    demand_cap: Positive = Field(
        2.0,
        description="need of a slice, in multiples of the DU's RBs, that counts as 1; ASSUMED: a backlog "
        "beyond two frames of the whole DU asks for everything anyway",
    )
    se_scale: Positive = Field(
        4.0, description="spectral efficiency that counts as 1, in bit/s/Hz; ASSUMED, as for slices"
    )
    bytes_unit: Positive = Field(
        100.0,
        description="bytes below which a user's volume counts as small: log(1 + x/unit); ASSUMED: an mMTC "
        "packet",
    )
    log_scale: Positive = Field(
        5.0, description="natural logarithm of a volume that counts as 1; ASSUMED: 15 kB in units of 100 B"
    )
    worst_weight: NonNegative = Field(
        0.5,
        description="weight of the least satisfied user beside the mean over users; ASSUMED: the max-min aim "
        "of arXiv 2410.03737, at half the weight of the mean so that both count",
    )
    power_weight: NonNegative = Field(
        0.1, description="price of full power on all granted RBs; ASSUMED: small beside satisfaction"
    )
    unused_weight: NonNegative = Field(
        0.1, description="price of leaving all granted RBs unused; ASSUMED: small beside satisfaction"
    )

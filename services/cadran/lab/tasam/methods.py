"""Every named method: what it changes in a preset's learner, and where it comes from.

Paper means arXiv 2511.15002. A method says only what it changes; what it leaves alone is the preset's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cadran.lab.training.plan import Agents
from cadran.runtime import ConfigError

NO_RADIUS = "{start: 0, final: 0}"
STATIC_RADIUS = 0.05
"""ASSUMED: the paper gives no static radius; the usual one of SAM (arXiv 2010.01412)."""
CRITIC_RADIUS = 0.1
"""ASSUMED: the critic's radius where actor and critic have unequal static ones (Fig 5b names none)."""
RADII = (0.01, 0.05, 0.1, 0.2, 0.5)
"""Radii of Fig 6, between the ends that Section VI.B names; those between are ASSUMED."""
Part = Literal["actor", "critic", "both"]
PARTS: Mapping[Part, str] = {"actor": "the actors", "critic": "the critic", "both": "both"}
"""What can have SAM."""
THRESHOLDS = (0.0, 0.5, 0.8, 1.0, 1.2, 1.5, 2.0)
"""Selection thresholds, in multiples of the running mean of the agents' TD-error variances."""


@dataclass(frozen=True)
class Method:
    """A named configuration of the learner.

    Attributes:
        name: As commands and tables call it.
        line: What it is, in one line.
        source: Where it comes from, and what of it is assumed.
        overrides: What it changes in the preset's scenario, each ``learner.key=value``.
        share_of_updates: Keys that are a share of the training's updates, such as the radii's decay.
        agents: One agent per DU that earns for itself, or for all; or a single one that sees and decides
            everything.
    """

    name: str
    line: str
    source: str
    overrides: tuple[str, ...] = ()
    share_of_updates: Mapping[str, float] = field(default_factory=dict)
    agents: Agents = "per_du"

    def settings(self, updates: int) -> tuple[str, ...]:
        """All overrides for a training of this many updates; radii decay over the whole of it."""
        shares = {"learner.sam.decay_updates": 1.0, **self.share_of_updates}
        scaled = tuple(f"{key}={max(1, round(share * updates))}" for key, share in shares.items())
        return self.overrides + scaled


def _without_sam(*more: str) -> tuple[str, ...]:
    radii = (f"learner.sam.actor_rho={NO_RADIUS}", f"learner.sam.critic_rho={NO_RADIUS}")
    return ("learner.method=sac", *radii, *more)


def _static(radius: float) -> str:
    return f"{{start: {radius:g}, final: {radius:g}}}"


def _radii(actor: str, critic: str, *more: str) -> tuple[str, ...]:
    return (f"learner.sam.actor_rho={actor}", f"learner.sam.critic_rho={critic}", *more)


_EVERY_AGENT = "learner.sam.gate=none"

_PLAIN = (
    Method(
        "sac",
        "SAC, one actor per DU and one critic for all",
        "Paper, Table 2, w/o SAM: its SAC-MARL",
        _without_sam(),
    ),
    Method(
        "central",
        "a single agent that sees and decides everything",
        "Paper, Section VI.G: what its percentages are relative to; ASSUMED: SAC with the same networks, "
        "rewarded by the mean over DUs",
        _without_sam(),
        agents="central",
    ),
)

_TASAM = (
    Method("tasam", "TA-SAM in full", "Paper, Algorithm 1"),
    Method(
        "tasam-no-selection",
        "SAM for every actor and the critic, radius falling",
        "Paper, Table 2, w/o selective SAM; the both-SAM of Figs 5c, 7, 10 and 11",
        (_EVERY_AGENT,),
    ),
    Method(
        "tasam-static-rho",
        f"TA-SAM with a constant radius of {STATIC_RADIUS:g}",
        "Paper, Table 2, static rho; its value is ASSUMED",
        _radii(_static(STATIC_RADIUS), _static(STATIC_RADIUS)),
    ),
    Method(
        "tasam-paper-rho",
        "TA-SAM with the paper's radius, 0.5 to 0.01",
        "Paper, Section VI.B; in the literal preset this is tasam itself",
        _radii("{start: 0.5, final: 0.01}", "{start: 0.5, final: 0.01}"),
    ),
    Method(
        "tasam-td-scaled",
        "TA-SAM, each radius scaled by the agent's TD-error variance",
        "Paper, Sections V.A and V.C, where Algorithm 1 has a falling radius only",
        ("learner.sam.td_scaled=true",),
    ),
    Method("actor-sam", "SAM for the actors, radius falling", "Paper, Figs 5c to 11",
           (_EVERY_AGENT, f"learner.sam.critic_rho={NO_RADIUS}")),
    Method("critic-sam", "SAM for the critic, radius falling", "Paper, Figs 5c to 11",
           (_EVERY_AGENT, f"learner.sam.actor_rho={NO_RADIUS}")),
    Method(
        "both-sam-nonequal",
        f"SAM for both, constant radii {STATIC_RADIUS:g} (actors) and {CRITIC_RADIUS:g} (critic)",
        "Paper, Fig 5b; both values are ASSUMED",
        _radii(_static(STATIC_RADIUS), _static(CRITIC_RADIUS), _EVERY_AGENT),
    ),
)  # fmt: skip

_REGULARISED = (
    Method(
        "l2",
        "SAC with L2 regularisation",
        "Paper, Table 3 and Figs 5 to 11; its weight 1e-4 is ASSUMED",
        _without_sam("learner.l2=1e-4"),
    ),
    Method(
        "dropout",
        "SAC with dropout of 0.1",
        "Paper, Table 3",
        _without_sam("learner.dropout=0.1"),
    ),
    Method(
        "spectral-norm",
        "SAC with spectral normalisation of the hidden layers",
        "Paper, Table 3; ASSUMED: all hidden layers",
        _without_sam("learner.spectral_norm=true"),
    ),
    Method(
        "plastic",
        "PLASTIC as published: layer norm, CReLU, SAM on the encoder, periodic resets of the heads",
        "arXiv 2306.10711 and its code (radius 0.01, a reset every tenth of the training); ASSUMED: all "
        "layers but the last hidden one and the heads are the encoder",
        _radii(
            _static(0.01),
            _static(0.01),
            _EVERY_AGENT,
            "learner.sam.part=encoder",
            "learner.activation=crelu",
            "learner.layer_norm=true",
        ),
        share_of_updates={"learner.reset_every_updates": 0.1},
    ),
    Method(
        "plastic-kl",
        "SAC whose actors stay close to a slow copy of themselves (KL)",
        "Paper, Section VI.G: PLASTIC as it words it; the weight 1 of the KL is ASSUMED",
        _without_sam("learner.distillation=1.0"),
    ),
)

_BEYOND = (
    Method(
        "tasam-raised-rho",
        "TA-SAM whose radius is raised again half-way through the training",
        "not in the paper, whose radius falls",
        ("learner.sam.schedule=sawtooth",),
    ),
    Method(
        "td-lr",
        "SAC, smaller actor steps where TD errors vary more than on average",
        "not in the paper: the simple alternative to selecting agents for SAM",
        _without_sam("learner.td_variance_lr=true"),
    ),
    Method(
        "sac-team",
        "SAC, each agent rewarded with the mean over DUs",
        "not in the paper, whose agents earn for themselves",
        _without_sam(),
        agents="team",
    ),
    Method(
        "sac-joint",
        "SAC with a critic that sees all DUs at once",
        "not in the paper",
        _without_sam("learner.critic=joint"),
    ),
    Method(
        "tasam-joint",
        "TA-SAM with a critic that sees all DUs at once",
        "not in the paper",
        ("learner.critic=joint",),
    ),
)


def swept_radius(part: Part, radius: float) -> str:
    """Name of the method with this constant radius in actors, critic or both."""
    return f"{part}-sam-{radius:g}"


def _sweep() -> tuple[Method, ...]:
    """Constant radii, for Figs 5a and 6."""
    return tuple(
        Method(
            swept_radius(part, radius),
            f"SAM for {words}, constant radius {radius:g}",
            "Paper, Figs 5a, 5b and 6; where the value is not an end of Section VI.B it is ASSUMED",
            _radii(
                NO_RADIUS if part == "critic" else _static(radius),
                NO_RADIUS if part == "actor" else _static(radius),
                _EVERY_AGENT,
            ),
        )
        for radius in RADII
        for part, words in PARTS.items()
    )


def threshold_name(threshold: float) -> str:
    """Name of TA-SAM with this selection threshold."""
    return f"tasam-threshold-{threshold:g}"


def _thresholds() -> tuple[Method, ...]:
    return tuple(
        Method(
            threshold_name(threshold),
            f"TA-SAM that selects agents above {threshold:g} times the mean TD-error variance",
            "Paper, Algorithm 1: lambda_TD, to which it gives no value",
            (f"learner.sam.td_var_threshold={threshold:g}",),
        )
        for threshold in THRESHOLDS
    )


METHODS: Mapping[str, Method] = {
    method.name: method for method in (*_PLAIN, *_TASAM, *_REGULARISED, *_BEYOND, *_sweep(), *_thresholds())
}
"""All methods by name."""


def method(name: str) -> Method:
    """The method of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in METHODS:
        raise ConfigError(f"method: there is no {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]

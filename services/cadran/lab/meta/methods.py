"""The methods that are compared: how a policy for a new network is prepared, and how it then adapts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Preparation = Literal["none", "source", "joint", "meta"]
Weighting = Literal["softmax_var", "softmin_var", "uniform", "static_var"]


@dataclass(frozen=True)
class FineTuning:
    """How a prepared policy learns from the shots of a new network.

    Attributes:
        rule: ``inner``: plain gradient steps at the rates of the inner loop; ``adam``: Adam at the scenario's
            rates of the level, times ``scale``.
        scale: at ``adam``, what rates are multiplied by.
    """

    rule: Literal["inner", "adam"]
    scale: float = 1.0


@dataclass(frozen=True)
class Method:
    """One way to a policy for a DU that is new.

    Attributes:
        title: how tables call it.
        detail: what the title leaves out.
        levels: ``two``: a higher and a lower level; ``flat``: one policy for slices and users in one;
            ``quotas``: a policy for slices alone, of the scenario's ``learner`` section.
        preparation: ``none``: fresh networks; ``source``: those of one DU of the training network;
            ``joint``: one set that learned from all DUs of it; ``meta``: an initialisation trained to be
            adapted.
        tuning: how it adapts; chosen on tuning networks.
        weighting: of tasks, at ``meta``.
    """

    title: str
    detail: str
    levels: Literal["two", "flat", "quotas"]
    preparation: Preparation
    tuning: FineTuning
    weighting: Weighting | None = None

    @property
    def prepares(self) -> tuple[str, Preparation, Weighting | None]:
        """What its preparation depends on: methods that only tune differently start from the same."""
        return self.levels, self.preparation, self.weighting


_FINE = FineTuning("adam", 0.3)
"""Of all that is prepared; on tuning networks as good as any of the rates times 0.1, 0.3 and 1."""


def _meta(title: str, detail: str, weighting: Weighting, tuning: FineTuning = _FINE) -> Method:
    return Method(title, detail, "two", "meta", tuning, weighting)


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "scratch": Method(
            "DRL", "two levels, learned on the new network alone", "two", "none", FineTuning("adam", 3.0)
        ),
        "transfer": Method("TL", "the weights of one DU, fine-tuned", "two", "source", _FINE),
        "multi_task": Method("MTL", "one set of weights for all DUs, fine-tuned", "two", "joint", _FINE),
        "flat": Method(
            "flat DDPG",
            "one level; one set of weights for all DUs, fine-tuned",
            "flat",
            "joint",
            _FINE,
        ),
        "tasam": Method(
            "TA-SAM",
            "sharpness-aware actors of slice quotas, learned on the new network alone",
            "quotas",
            "none",
            FineTuning("adam"),
        ),
        "maml_uniform": _meta("MAML-HRL", "every task counts the same", "uniform"),
        "maml_softmax_var": _meta(
            "Adaptive MAML-HRL", "tasks whose TD errors vary more count more", "softmax_var"
        ),
        "maml_softmin_var": _meta(
            "Adaptive MAML-HRL (softmin)", "tasks whose TD errors vary more count less", "softmin_var"
        ),
        "maml_static_var": _meta("MAML-HRL (static)", "weights of tasks frozen early", "static_var"),
        "maml_uniform_inner": _meta(
            "MAML-HRL (Eq 11)", "adapts by the plain steps of the inner loop", "uniform", FineTuning("inner")
        ),
        "maml_softmax_var_inner": _meta(
            "Adaptive MAML-HRL (Eq 11)",
            "adapts by the plain steps of the inner loop",
            "softmax_var",
            FineTuning("inner"),
        ),
    }
)

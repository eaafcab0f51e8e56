"""What arXiv 2512.13715 claims, as far as its summary and abstract tell; empty where they do not."""

from __future__ import annotations

from collections.abc import Mapping

UNIFORM, ADAPTIVE, SOFTMIN, STATIC = "maml_uniform", "maml_softmax_var", "maml_softmin_var", "maml_static_var"
UNIFORM_INNER, ADAPTIVE_INNER = "maml_uniform_inner", "maml_softmax_var_inner"
SCRATCH, TRANSFER, MULTI_TASK, FLAT = "scratch", "transfer", "multi_task", "flat"

TABLE_3: Mapping[str, tuple[float, int]] = {ADAPTIVE: (0.84, 17), UNIFORM: (0.78, 28)}
"""Normalised reward and adaptation shots."""

TABLE_2_ITERATIONS_PERCENT = 69.0
"""How many more iterations 30 DUs take than 7 [%]."""
TABLE_2_VARIANCE_PERCENT = 2.0
"""What the variance of the reward stays below [%]; the summary does not say of what it is a share."""

HEADLINE_PERCENT = 19.8
"""Gain in "network management efficiency" over RL and meta-RL baselines [%]."""
OVER_UNIFORM_PERCENT = 4.0
"""Gain over MAML-HRL, "up to" [%]."""
OVER_OTHERS_PERCENT = 73.0
"""Gain over the other baselines, "up to" [%]."""

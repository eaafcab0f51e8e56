"""The steps of shots: each task for itself, by the rule that the specification says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cadran.learn import DdpgBatch, MetaLevel, MetaSpec, Networks
from cadran.learn.shots import AdamSteps, InnerSteps, ShotRule, rule_of

from .ddpg.samples import of_task, random_batch
from .meta.samples import meta_spec as spec_of
from .meta.samples import small_level


def rules(level: MetaLevel, spec: MetaSpec, tasks: int, *, fresh: bool) -> ShotRule:
    return rule_of(level, spec, level.initialisation().repeated(tasks), fresh=fresh)


def test_the_rule_is_the_specifications_but_for_fresh_networks() -> None:
    for rule, kind in (("adam", AdamSteps), ("inner", InnerSteps)):
        spec = spec_of(shot_rule=rule)
        level = small_level(spec)
        assert isinstance(rules(level, spec, 1, fresh=False), kind)
        assert isinstance(rules(level, spec, 1, fresh=True), AdamSteps)


@pytest.mark.parametrize("rule", ["adam", "inner"])
def test_tasks_together_take_the_steps_that_each_takes_alone(rule: str) -> None:
    spec = spec_of(shot_rule=rule)
    level = small_level(spec)
    batches = [random_batch(seed) for seed in (0, 1)]
    together = rules(level, spec, batches[0].tasks, fresh=False)
    for batch in batches:
        together.step(batch)
    for task in range(batches[0].tasks):
        alone = rules(level, spec, 1, fresh=False)
        for batch in batches:
            alone.step(of_task(batch, task))
        require_close(together.networks().of_tasks([task]), alone.networks())


def test_a_batch_without_any_row_changes_nothing() -> None:
    spec = spec_of()
    level = small_level(spec)
    batch = random_batch(0)
    rule = rules(level, spec, batch.tasks, fresh=False)
    rule.step(batch)
    before = rule.networks()
    rule.step(DdpgBatch(**{**vars(batch), "weight": np.zeros_like(batch.weight)}))
    require_close(rule.networks(), before)


def require_close(one: Networks, other: Networks) -> None:
    for name, tensor in one.tensors().items():
        torch.testing.assert_close(tensor, other.tensors()[name], rtol=1e-5, atol=1e-6)

"""Preparing and adapting: whole, repeatable, and the same episodes for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cadran.lab.meta import (
    METHODS,
    MetaTrained,
    adapt,
    draw_network,
    load_adaptation,
    load_meta_trained,
    meta_train,
    save_adaptation,
    save_meta_trained,
)
from cadran.lab.meta.plan import MetaPlan, MetaRun, ShotPlan
from cadran.lab.meta.record import ARRAYS
from cadran.lab.training import RecordError

from .tiny import EXPERIMENT, NETWORK, PLAN, SHOTS, require_equal, run

PREPARED = [name for name, method in METHODS.items() if method.preparation != "none"]


@pytest.fixture(scope="module")
def trained() -> dict[str, MetaTrained]:
    return {name: meta_train(run(name), PLAN) for name in PREPARED}


def test_every_method_learns_something_and_stays_finite(trained: dict[str, MetaTrained]) -> None:
    for name, found in trained.items():
        np.testing.assert_array_equal(found.curve.iteration, [0, 2, 4])
        np.testing.assert_array_equal(found.curve.frames, [0, 20, 40])
        assert ((found.curve.reward >= 0) & (found.curve.reward <= 1)).all(), name
        fresh = meta_train(run(name), replace(PLAN, warmup_iterations=4, iterations=1))
        assert any(
            not np.array_equal(tensor, fresh.initialisation[level][key])
            for level, tensors in found.initialisation.items()
            for key, tensor in tensors.items()
        ), name


def test_weights_of_tasks_sum_to_one_where_tasks_are_weighed(trained: dict[str, MetaTrained]) -> None:
    for name, found in trained.items():
        for weights in found.curve.weights.values():
            assert weights.shape == (3, EXPERIMENT.world.dus)
            if METHODS[name].preparation == "meta":
                np.testing.assert_allclose(weights[1:].sum(axis=1), 1.0, rtol=1e-6)
            else:
                assert np.isnan(weights).all()


@pytest.mark.parametrize("method", ["maml_softmax_var", "multi_task", "transfer", "flat"])
def test_the_same_arguments_give_the_same_bits(method: str, trained: dict[str, MetaTrained]) -> None:
    require_equal(meta_train(run(method), PLAN), trained[method])
    adaptations = [adapt(run(method), trained[method], SHOTS, NETWORK, 5) for _ in range(2)]
    assert adaptations[0].reward.tobytes() == adaptations[1].reward.tobytes()


def test_methods_differ_in_weights_alone_until_they_first_weigh(trained: dict[str, MetaTrained]) -> None:
    before = {name: own.curve.training_reward[1] for name, own in trained.items() if name.startswith("maml_")}
    assert len(set(before.values())) == 1


@pytest.mark.parametrize("method", METHODS)
def test_an_adaptation_looks_at_every_du_at_every_count(method: str, trained: dict[str, MetaTrained]) -> None:
    found = adapt(run(method), trained.get(method), SHOTS, NETWORK, 5)
    np.testing.assert_array_equal(found.shots, SHOTS.shots)
    assert found.reward.shape == (3, NETWORK.dus, SHOTS.episodes)
    assert ((found.reward >= 0) & (found.reward <= 1)).all()


def test_more_shots_later_do_not_change_what_was_seen_before(trained: dict[str, MetaTrained]) -> None:
    for method in ("multi_task", "maml_uniform", "scratch"):
        long = adapt(run(method), trained.get(method), SHOTS, NETWORK, 5)
        short = adapt(run(method), trained.get(method), replace(SHOTS, shots=(0, 1)), NETWORK, 5)
        np.testing.assert_array_equal(long.reward[:2], short.reward)


def test_without_a_shot_the_preparation_acts_as_it_is(trained: dict[str, MetaTrained]) -> None:
    one = replace(SHOTS, shots=(0,))
    first = adapt(run("maml_uniform"), trained["maml_uniform"], one, NETWORK, 5)
    other = adapt(run("maml_uniform", seed=3), trained["maml_uniform"], one, NETWORK, 5)
    np.testing.assert_array_equal(first.reward, other.reward)


def test_a_network_of_more_dus_can_be_adapted_to(trained: dict[str, MetaTrained]) -> None:
    larger = draw_network(EXPERIMENT.world, EXPERIMENT.tasks, "training", 1, dus=4, ues=12)
    found = adapt(run("maml_uniform"), trained["maml_uniform"], SHOTS, larger, 5)
    assert found.reward.shape == (3, 4, 2)


@pytest.mark.parametrize("method", ["maml_static_var", "flat"])
def test_what_is_kept_is_read_back(method: str, trained: dict[str, MetaTrained], tmp_path: Path) -> None:
    save_meta_trained(tmp_path / "run", trained[method])
    found = load_meta_trained(tmp_path / "run")
    require_equal(found, trained[method])
    assert found.cost == trained[method].cost
    adaptation = adapt(run(method), found, SHOTS, NETWORK, 5)
    save_adaptation(tmp_path / "adaptation.npz", adaptation)
    again = load_adaptation(tmp_path / "adaptation.npz")
    np.testing.assert_array_equal(again.reward, adaptation.reward)
    np.testing.assert_array_equal(again.shots, adaptation.shots)
    assert (again.method, again.seed, again.seconds) == (method, 0, adaptation.seconds)


def test_what_is_not_whole_is_refused(trained: dict[str, MetaTrained], tmp_path: Path) -> None:
    save_meta_trained(tmp_path, trained["flat"])
    data = (tmp_path / ARRAYS).read_bytes()
    (tmp_path / ARRAYS).write_bytes(data[:-10])
    with pytest.raises(RecordError, match="sha256"):
        load_meta_trained(tmp_path)
    with pytest.raises(RecordError, match="not an adaptation"):
        load_adaptation(tmp_path / "nothing.npz")


def test_a_preparation_belongs_to_its_method(trained: dict[str, MetaTrained]) -> None:
    for method, given in (("scratch", "flat"), ("multi_task", "flat"), ("flat", None)):
        with pytest.raises(ValueError, match="start"):
            adapt(run(method), None if given is None else trained[given], SHOTS, NETWORK, 5)
    with pytest.raises(ValueError, match="no preparation"):
        meta_train(run("scratch"), PLAN)


def test_bad_plans_are_refused_in_one_line() -> None:
    for make in (
        lambda: MetaPlan(iterations=0),
        lambda: MetaPlan(evaluation_episodes=1),
        lambda: ShotPlan(shots=()),
        lambda: ShotPlan(shots=(5, 1)),
        lambda: ShotPlan(steps_per_shot=0),
        lambda: MetaRun(EXPERIMENT, "magic", 0),
        lambda: MetaRun(EXPERIMENT, "flat", -1),
    ):
        with pytest.raises(ValueError, match=r"must be") as error:
            make()
        assert "\n" not in str(error.value)

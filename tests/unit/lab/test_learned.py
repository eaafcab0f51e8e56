"""Policies from a directory act only where they fit."""

from pathlib import Path

import numpy as np
import pytest

from cadran.envs import problem_of
from cadran.lab.policies import load_actors
from cadran.policy import PolicyMeta, encode, save, tensor_shapes
from cadran.problem import ProblemSpec
from cadran.runtime import ConfigError

from .worlds import WORLD

PROBLEM = problem_of(WORLD, ProblemSpec())


def save_policies(directory: Path, observation_dim: int, names: dict[str, str]) -> None:
    for du in range(WORLD.dus):
        meta = PolicyMeta(
            du=du,
            version=1,
            created_unix_s=0.0,
            observation_dim=observation_dim,
            action_dim=3,
            hidden=(4,),
            activation="relu",
            layer_norm=False,
            problem=names,
        )
        shapes = tensor_shapes(observation_dim, 3, (4,), layer_norm=False)
        save(directory, encode(meta, {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}))


def test_policies_of_the_same_problem_are_loaded_for_every_du(tmp_path: Path) -> None:
    save_policies(tmp_path, 27, PROBLEM.names)
    assert len(load_actors(tmp_path, PROBLEM, WORLD.dus)) == WORLD.dus


@pytest.mark.parametrize(
    ("observation_dim", "names", "dus", "text"),
    [
        (20, PROBLEM.names, 2, "maps 20 inputs"),
        (27, {**PROBLEM.names, "reward": "eq8"}, 2, "trained for"),
        (27, PROBLEM.names, 3, "no policy for DU 2"),
    ],
)
def test_policies_that_do_not_fit_are_refused_in_one_line(
    tmp_path: Path, observation_dim: int, names: dict[str, str], dus: int, text: str
) -> None:
    save_policies(tmp_path, observation_dim, names)
    with pytest.raises(ConfigError, match=text):
        load_actors(tmp_path, PROBLEM, dus)


def test_damaged_policies_are_refused_in_one_line(tmp_path: Path) -> None:
    save_policies(tmp_path, 27, PROBLEM.names)
    (tmp_path / "du1-v00000001.safetensors").write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="du1-v00000001"):
        load_actors(tmp_path, PROBLEM, WORLD.dus)
    with pytest.raises(ConfigError, match="No such file or directory"):
        load_actors(tmp_path / "none", PROBLEM, WORLD.dus)

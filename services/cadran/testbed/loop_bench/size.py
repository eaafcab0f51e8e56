"""How large a network is measured: as the scenario has it, or light where there are very many DUs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from cadran.lab.experiment import Experiment, load_experiment
from cadran.runtime import atomic_write

LIGHT_FROM_DUS = 30
LIGHT_UES, LIGHT_FRAME_S = 10, 0.02


@dataclass(frozen=True)
class Size:
    """One network.

    Attributes:
        experiment: its scenario.
        path: where that is written.
        light: whether it has fewer UEs for each DU and longer frames than the scenario it was made from.
    """

    experiment: Experiment
    path: Path
    light: bool

    @property
    def dus(self) -> int:
        """Its DUs."""
        return self.experiment.world.dus

    @property
    def frame_ms(self) -> float:
        """Length of a frame [ms]."""
        return 1e3 * self.experiment.world.frame_s


def make_size(scenario: Path, dus: int, folder: Path) -> Size:
    """The scenario with so many DUs and as many UEs for each as it has; from 30 DUs the light one.

    Light is 10 UEs for each DU and frames of 20 ms.

    Raises:
        ConfigError: the scenario cannot be read, or not with so many DUs.
    """
    world = load_experiment(scenario).world
    light = dus >= LIGHT_FROM_DUS
    ues = LIGHT_UES if light else max(1, round(world.ues / world.dus))
    overrides = [f"world.dus={dus}", f"world.ues={dus * ues}"]
    if light:
        overrides.append(f"world.frame_s={LIGHT_FRAME_S}")
    experiment = load_experiment(scenario, overrides)
    path = folder / f"scenario-{dus}.yaml"
    sections = {key: model.model_dump(mode="json") for key, model in experiment.sections.items()}
    text = yaml.safe_dump({"name": experiment.name, **sections}, sort_keys=False)
    atomic_write(path, text.encode())
    return Size(experiment, path, light)

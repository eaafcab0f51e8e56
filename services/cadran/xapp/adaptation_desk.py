"""Initialisations come in here, and what DUs make of them is told."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from cadran.xapp.adaptation import AdaptingTrainer
from cadran.xapp.du_task import DuTask, shots_to_settle
from cadran.xapp.initialisation import Origin
from cadran.xapp.learner_host import LearnerHost
from cadran.xapp.policy_store import UnknownVersionError

_ORIGIN: dict[str, Any] = {"version": 8, "sha256": "9f2c51e0" * 8}
_DU: dict[str, Any] = {
    "du": 6,
    "cold": False,
    "start": _ORIGIN,
    "policy_version": 41,
    "policy_sha256": "51e09f2c" * 8,
    "acknowledged": True,
    "shots": 3,
    "rewards": [0.71, 0.78, 0.83],
    "shots_to_95": None,
    "diverged": None,
}


class TakenModel(BaseModel):
    """An initialisation that was taken."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**_ORIGIN, "dus": [6]}]})
    version: int
    sha256: str = Field(description="of its tensors, hex")
    dus: list[int] = Field(description="DUs whose newest start it is")


class DuAdaptation(BaseModel):
    """How one DU adapts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_DU]})
    du: int
    cold: bool = Field(description="whether it adapts from fresh networks in any case")
    start: Origin | None = Field(description="initialisation that it started from; null: fresh networks")
    policy_version: int = Field(description="of the policy that it started with")
    policy_sha256: str = Field(description="of that policy's tensors, hex")
    acknowledged: bool = Field(description="whether its dApp has said that it runs the policy of that hash")
    shots: int = Field(description="made since the start")
    rewards: list[float] = Field(
        description="mean reward per frame while k shots had been made, k = 0, 1, ..."
    )
    shots_to_95: int | None = Field(
        description="shots after which the mean over 5 of them had 95 % of the gain so far; null: too few"
    )
    diverged: str | None = Field(
        description="why it makes no more shots until a restart: the next one would not have stayed finite; "
        "null: it did"
    )


class AdaptationModel(BaseModel):
    """Initialisation and adaptation of every DU."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"initialisation": _ORIGIN, "shot_frames": 100, "dus": [_DU]}]}
    )
    initialisation: Origin | None = Field(description="the newest delivered; null: none yet")
    shot_frames: int = Field(description="frames of a DU from one shot to the next")
    dus: list[DuAdaptation]


class AdaptationDesk:
    """Speaks for the trainer in the event loop; all changes happen between two bursts of its host.

    Args:
        trainer: The DUs.
        host: Runs the trainer.
        shot_frames: Frames of a shot.
    """

    def __init__(self, trainer: AdaptingTrainer, host: LearnerHost, shot_frames: int) -> None:
        self._trainer = trainer
        self._host = host
        self._shot_frames = shot_frames

    async def deliver(self, artefact: bytes) -> TakenModel:
        """Take an initialisation; DUs that start from it have their policy on its way on return.

        Raises:
            PolicyError: It is refused; nothing was changed.
        """
        origin, dus = await self._host.amend(partial(self._trainer.deliver, artefact))
        return TakenModel(version=origin.version, sha256=origin.sha256, dus=dus)

    async def restart(self, du: int) -> DuAdaptation:
        """Let a DU start over.

        Raises:
            UnknownVersionError: No such DU.
        """
        dus = len(self._trainer.tasks)
        if du >= dus:
            raise UnknownVersionError(f"no DU {du}: there are DUs 0..{dus - 1}")
        await self._host.amend(partial(self._trainer.restart, du))
        return self._du(self._trainer.tasks[du])

    def status(self) -> AdaptationModel:
        """As of now."""
        return AdaptationModel(
            initialisation=self._trainer.initialisation,
            shot_frames=self._shot_frames,
            dus=[self._du(task) for task in self._trainer.tasks],
        )

    def _du(self, task: DuTask) -> DuAdaptation:
        record = task.record
        return DuAdaptation(
            du=task.du,
            cold=task.du in self._trainer.cold,
            start=record.origin,
            policy_version=record.policy_version,
            policy_sha256=record.policy_sha256,
            acknowledged=task.acknowledged,
            shots=record.shots,
            rewards=list(record.rewards),
            shots_to_95=shots_to_settle(np.array(record.rewards)),
            diverged=record.diverged,
        )

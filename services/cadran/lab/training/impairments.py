"""The link between DUs and what learns for them: late or lost reports, policies and central decisions.

On an ideal link nothing is copied and nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cadran.envs.link import LinkSpec, LossyLink
from cadran.lab.training.actors import TrainedActors, trained_actors
from cadran.lab.training.experience import Experience
from cadran.lab.training.view import View
from cadran.learn import Population

Float32 = NDArray[np.float32]


class ReportPath:
    """Brings transitions from the DUs of R runs into experience.

    Args:
        link: delay and loss; each DU of each network reports on its own.
        view: what an agent needs to have arrived.
        experience: where transitions go.
        lanes: (C, E).
        generators: one per run, decide what is lost.
    """

    def __init__(
        self,
        link: LinkSpec,
        view: View,
        experience: Experience,
        lanes: tuple[int, int],
        generators: Sequence[np.random.Generator],
    ) -> None:
        self._view = view
        self._experience = experience
        self._links: list[LossyLink[Float32]] = []
        if link.report_delay_frames > 0 or link.report_loss > 0:
            self._links = [
                LossyLink(link.report_delay_frames, link.report_loss, generator, lanes)
                for generator in generators
            ]

    def send(self, frame: int, observation: Float32, next_observation: Float32, reward: Float32) -> None:
        """Report a frame that has ended, and take in what has arrived; arrays as in `Experience.add`."""
        if not self._links:
            self._experience.add(observation, next_observation, reward)
            return
        rows = np.concatenate([observation, next_observation, reward[..., np.newaxis]], axis=-1)
        for run, link in enumerate(self._links):
            link.push(frame, rows[run])
            for arrival in link.arrivals(frame):
                self._experience.add_arrived(run, arrival.item, self._view.arrived(arrival.arrived))


class PolicyPath:
    """Says which actors act: the present ones, or where agents stand at DUs behind a link, what arrived last.

    Args:
        link: delay and loss; each DU is sent its own actor.
        population: what learns.
        problem: names of observation, action and reward.
        at_dus: whether agents stand at the DUs.
        generators: one per run, decide what is lost.
    """

    def __init__(
        self,
        link: LinkSpec,
        population: Population,
        problem: Mapping[str, str],
        at_dus: bool,
        generators: Sequence[np.random.Generator],
    ) -> None:
        self._population = population
        self._problem = problem
        self._links: list[LossyLink[TrainedActors]] = []
        if at_dus and (link.policy_delay_frames > 0 or link.policy_loss > 0):
            lanes = (population.shape.agents,)
            self._links = [
                LossyLink(link.policy_delay_frames, link.policy_loss, generator, lanes)
                for generator in generators
            ]
            self._at_dus = trained_actors(population, problem)

    def publish(self, frame: int) -> None:
        """Send the present actors, for this frame on."""
        if self._links:
            for link, actors in zip(
                self._links, trained_actors(self._population, self._problem), strict=True
            ):
                link.push(frame, actors)

    def act(self, frame: int, observation: Float32, noise: Float32 | None) -> Float32:
        """Actions at a frame, sampled or without noise mean ones: ``[R, N, E, O]`` -> ``[R, N, E, A]``."""
        if not self._links:
            return self._population.act(observation, noise)
        for run, link in enumerate(self._links):
            for arrival in link.arrivals(frame):
                self._at_dus[run] = self._at_dus[run].replaced(arrival.item, arrival.arrived)
        noises = [None] * len(self._links) if noise is None else noise
        return np.stack(
            [actors.act(*of_run) for actors, *of_run in zip(self._at_dus, observation, noises, strict=True)]
        )


class RemoteControl:
    """Central actors of R runs behind the link: they see late, and their decisions act late.

    Of each DU an actor knows the report that arrived last, and a DU applies the decision that arrived last.
    At an episode's start the first observation is known, and neutral actions are applied.

    Args:
        link: delay and loss on both paths, independent for each DU of each network.
        central: whether there are such actors; if not, the present is known, and what is decided applied.
        neutral_action: ``[A]`` of a DU.
        generators: one per run, decide what is lost.
    """

    def __init__(
        self,
        link: LinkSpec,
        central: bool,
        neutral_action: Float32,
        generators: Sequence[np.random.Generator],
    ) -> None:
        self._link = link
        self._neutral = neutral_action
        self._generators = generators if central and not link.ideal else ()

    def begin(self, observation: Float32) -> None:
        """Start an episode with its first observation ``[R E, C, O]``."""
        if not self._generators:
            return
        link, networks = self._link, len(observation) // len(self._generators)
        lanes = (networks, observation.shape[1])
        held = observation.reshape(-1, *lanes, observation.shape[-1])
        neutral = np.broadcast_to(self._neutral, (*held.shape[:-1], len(self._neutral)))
        reports, decisions = (
            [LossyLink[Float32](delay, loss, generator, lanes) for generator in self._generators]
            for delay, loss in (
                (link.report_delay_frames, link.report_loss),
                (link.policy_delay_frames, link.policy_loss),
            )
        )
        self._frame = 0
        self._reports = [_Holder(*of_run) for of_run in zip(reports, held, strict=True)]
        self._decisions = [_Holder(*of_run) for of_run in zip(decisions, neutral, strict=True)]

    def known(self, observation: Float32) -> Float32:
        """What is known when this is the present observation; ``[R E, C, O]`` both."""
        if not self._generators:
            return observation
        return _through(self._reports, self._frame, observation)

    def applied(self, action: Float32) -> Float32:
        """What the DUs do in this frame when this is decided, ``[R E, C, A]`` both; ends the frame."""
        if not self._generators:
            return action
        self._frame += 1
        return _through(self._decisions, self._frame - 1, action)


class _Holder:
    """The end of one run's link: holds what arrived last from each lane."""

    def __init__(self, link: LossyLink[Float32], held: Float32) -> None:
        self._link = link
        self._held = held.copy()

    def receive(self, frame: int, sent: Float32) -> Float32:
        """What is held at a frame in which this is sent, ``[*lanes, ...]`` both."""
        self._link.push(frame, sent)
        for arrival in self._link.arrivals(frame):
            self._held[arrival.arrived] = arrival.item[arrival.arrived]
        return self._held


def _through(holders: Sequence[_Holder], frame: int, sent: Float32) -> Float32:
    parts = np.split(sent, len(holders))
    return np.concatenate([holder.receive(frame, part) for holder, part in zip(holders, parts, strict=True)])

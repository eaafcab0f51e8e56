from __future__ import annotations

import asyncio
import errno
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cadran.learn import Batch, TrainingSchedule, batch_sampler
from cadran.learn.checkpoint import unpack
from cadran.policy import PolicyCause, PolicyError, decode
from cadran.replay import Identity, MemoryReplay, Mirror, Replay, ReplayUnavailable
from cadran.runtime.retry import RetrySpec
from cadran.xapp.acknowledger import Acknowledger
from cadran.xapp.checkpoints import CheckpointStore
from cadran.xapp.frame_gate import CompleteFrame
from cadran.xapp.ingest import Stored
from cadran.xapp.learner_host import HostSpec, LearnerHost, Publication
from cadran.xapp.row_flow import LockstepFlow
from cadran.xapp.trainer import Trainer

from .experience import DUS, NEUTRAL, PROBLEM, SCHEMA, SPEC, learner, reward, rows

FRAMES = 30
HOST = HostSpec(
    problem=PROBLEM, checkpoint_period_s=1e9, nice=0, thread_switch_s=0.0005, push_delay_frames=2,
    retry=RetrySpec(0.0005, 0.001),
)  # fmt: skip


class Events:
    """Counts what the host tells, and keeps what it publishes."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []
        self.checkpoints = self.away = self.refused = 0
        self.reasons: list[str] = []

    async def publish(self, publication: Publication) -> None:
        self.publications.append(publication)

    @property
    def published(self) -> list[tuple[int, list[str]]]:
        """Lock-step: frame and hashes of each publication."""
        return [(p.effective[1] - 3, tensors(p)) for p in self.publications if p.effective]

    def checkpointed(self) -> None:
        self.checkpoints += 1

    def store_away(self, error: ReplayUnavailable) -> None:
        self.away += 1

    def disk_refused(self, file: str, error: OSError) -> None:
        self.refused += 1

    def disk_written(self, file: str) -> None: ...

    def diverged(self, reason: str) -> None:
        self.reasons.append(reason)

    def resumed(self) -> None:
        self.reasons.append("resumed")


def full_replay(frames: int = FRAMES) -> MemoryReplay:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    for du in range(DUS):
        replay.append(du, rows(du, 0, frames))
    return replay


def new_trainer(replay: Replay, loss_limit: float = 1e6) -> Trainer:
    mirror = Mirror(replay, SPEC.replay_capacity, NEUTRAL)
    schedule = TrainingSchedule.of(SPEC)
    return Trainer(
        learner(), schedule, mirror, batch_sampler(3), SPEC.batch_size, reward, loss_limit, lambda *_: None
    )


@asynccontextmanager
async def hosted(
    trainer: Trainer, path: Path, spec: HostSpec = HOST
) -> AsyncIterator[tuple[LearnerHost, Events]]:
    events = Events()
    clock = itertools.count(1).__next__
    host = LearnerHost(
        trainer, CheckpointStore(path, 3), events.publish, spec, events, 0, lambda: float(clock())
    )
    try:
        yield host, events
    finally:
        await host.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


def tensors(publication: Publication) -> list[str]:
    return [decode(artefact)[0].sha256 for artefact in publication.artefacts]


def contents(state: bytes) -> dict[str, list[float]]:
    """A learner's state for comparison: the blob's own metadata has no fixed order."""
    stored, _ = unpack(state)
    return {name: tensor.flatten().tolist() for name, tensor in stored.items()}


def plain_loop(frames: int) -> tuple[list[tuple[int, list[str]]], dict[str, list[float]]]:
    """What lock-step must give, written down on its own: frame and hashes of each publication, the end."""
    ours, schedule, rng = learner(), TrainingSchedule.of(SPEC), batch_sampler(3)
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    mirror = Mirror(replay, SPEC.replay_capacity, NEUTRAL)
    published = []
    for frame in range(frames):
        for du in range(DUS):
            replay.append(du, rows(du, frame, frame + 1))
        mirror.refresh()
        due = False
        for _ in range(schedule.updates_due(frame + 1, ours.updates)):
            b = mirror.sample(rng, SPEC.batch_size)
            r = reward(b.kpis)
            ours.update(Batch(b.observation, b.action, r, b.next_observation, np.ones_like(r)))
            due |= schedule.publish_due(ours.updates)
        if due:
            made = [
                ours.artifact(a, version=1, created_unix_s=0.0, problem=PROBLEM, effective_frame=0)
                for a in range(DUS)
            ]
            published.append((frame, [decode(artefact)[0].sha256 for artefact in made]))
    return published, contents(ours.state_bytes())


async def test_lock_step_equals_a_plain_loop_although_all_rows_are_there_already(tmp_path: Path) -> None:
    expected, state = plain_loop(FRAMES)
    trainer = new_trainer(full_replay())
    async with hosted(trainer, tmp_path) as (host, events):
        for frame in range(FRAMES):
            await host.complete(CompleteFrame((1, frame), (frame + 1,) * DUS))
        assert contents((await asyncio.to_thread(trainer.checkpoint, 0, 0.0)).learner) == state
    assert len(expected) > 5
    assert events.published == expected
    assert [p.version for p in events.publications] == list(range(1, len(expected) + 1))


class Flow:
    """Takes what a lock-step flow tells, and nothing else."""

    def opened(self, counts: Sequence[int], last: Sequence[Identity | None]) -> None: ...
    def stored(self, stored: Stored) -> None: ...
    def retried(self, du: int, error: ReplayUnavailable) -> None: ...
    def frame_forced(self, epoch: int, frame: int) -> None: ...


@pytest.mark.parametrize("frames", [2, 17, FRAMES])
async def test_a_run_in_lock_step_interrupted_and_resumed_equals_an_uninterrupted_one(
    tmp_path: Path, frames: int
) -> None:
    """All rows are at rest when it is resumed: only the checkpoint says how many were learnt from."""
    expected, state = plain_loop(FRAMES)
    async with hosted(new_trainer(full_replay()), tmp_path) as (host, first):
        await host.save()
        for frame in range(frames):
            await host.complete(CompleteFrame((1, frame), (frame + 1,) * DUS))
    checkpoint, _ = CheckpointStore(tmp_path, 3).newest()
    assert checkpoint is not None
    assert checkpoint.cursor == (frames, frames)
    resumed = new_trainer(full_replay())
    resumed.restore(checkpoint)
    async with hosted(resumed, tmp_path) as (host, second):
        await host.save()  # as the xApp does at its start; the cursor is not lost by it
        stored = Acknowledger(DUS)
        flow = LockstepFlow(stored, Flow(), host.unseen, host.complete, patience_s=60.0)
        flow.opened([FRAMES] * DUS, [(1, FRAMES - 1)] * DUS)
        running = asyncio.create_task(flow.run())
        await until(lambda: all(stored.upto(du) == (1, FRAMES - 1) for du in range(DUS)))
        assert first.published + second.published == expected
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert contents((await asyncio.to_thread(resumed.checkpoint, 0, 0.0)).learner) == state
    assert CheckpointStore(tmp_path, 3).newest()[0].cursor == (FRAMES, FRAMES)  # type: ignore[union-attr]


async def test_a_free_run_interrupted_and_resumed_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    """12 rows are learnt from in full, then 30: also if it is interrupted half-way through the 12."""
    whole = new_trainer(whole_replay := full_replay(12))
    whole.run(None, 1000, stop_to_publish=False)
    for du in range(DUS):
        whole_replay.append(du, rows(du, 12, FRAMES))
    whole.run(None, 1000, stop_to_publish=False)

    interrupted = new_trainer(full_replay(12))
    async with hosted(interrupted, tmp_path) as (host, _):
        await host.save()
        interrupted.run(None, 4, stop_to_publish=False)
    checkpoint, _ = CheckpointStore(tmp_path, 3).newest()
    assert checkpoint is not None
    assert (checkpoint.updates, checkpoint.cursor) == (4, (12, 12))
    resumed = new_trainer(full_replay(FRAMES))
    resumed.restore(checkpoint)
    async with hosted(resumed, tmp_path) as (host, _):
        task = asyncio.create_task(host.run_free())
        await until(lambda: resumed.updates == whole.updates)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        end = await asyncio.to_thread(resumed.checkpoint, 0, 0.0)
    assert contents(end.learner) == contents(whole.checkpoint(0, 0.0).learner)
    assert end.sampler_state == whole.checkpoint(0, 0.0).sampler_state


async def test_a_store_that_lost_its_rows_does_not_keep_a_resumed_learner_from_going_on(
    tmp_path: Path,
) -> None:
    trainer = new_trainer(full_replay())
    trainer.run(None, 5, stop_to_publish=False)
    resumed = new_trainer(empty := MemoryReplay(SCHEMA, DUS, 1000))
    resumed.restore(trainer.checkpoint(1, 0.0))
    assert resumed.unseen([0, 0]) == [[], []]
    assert resumed.run(None, 100, stop_to_publish=False).updates == 0
    for du in range(DUS):
        empty.append(du, rows(du, 0, FRAMES))
    due = TrainingSchedule.of(SPEC).updates_due(FRAMES, 5)
    assert resumed.run(None, 100, stop_to_publish=False).updates == due


async def test_free_running_does_what_is_due_and_publishes_as_scheduled(tmp_path: Path) -> None:
    trainer = new_trainer(full_replay())
    due = TrainingSchedule.of(SPEC).updates_due(FRAMES, 0)
    publications = due // SPEC.publish_every_updates
    async with hosted(trainer, tmp_path, replace(HOST, checkpoint_period_s=0.0)) as (host, events):
        task = asyncio.create_task(host.run_free())
        await until(lambda: trainer.updates >= due and len(events.publications) >= publications)
        await until(lambda: events.checkpoints > 2)
        await asyncio.sleep(0.03)
        task.cancel()
    assert trainer.updates == due
    assert len(events.publications) == publications
    assert {p.effective for p in events.publications} == {None}


class AwayReplay:
    """A replay that does not answer at first."""

    def __init__(self, replay: MemoryReplay, failures: int) -> None:
        self._replay = replay
        self.failures = failures

    def __getattr__(self, name: str) -> object:
        return getattr(self._replay, name)

    def tail(self, cursors: object, limit: int) -> object:
        if self.failures:
            self.failures -= 1
            raise ReplayUnavailable("away")
        return self._replay.tail(cursors, limit)  # type: ignore[arg-type]


async def test_the_learner_waits_for_a_store_that_is_away(tmp_path: Path) -> None:
    trainer = new_trainer(AwayReplay(full_replay(), 3))  # type: ignore[arg-type]
    async with hosted(trainer, tmp_path) as (host, events):
        await host.complete(CompleteFrame((1, 9), (10, 10)))
    assert events.away == 3
    assert trainer.updates == TrainingSchedule.of(SPEC).updates_due(10, 0)


async def test_divergence_restores_the_checkpoint_publishes_it_and_stops_until_resumed(
    tmp_path: Path,
) -> None:
    replay = full_replay(10)
    trainer = new_trainer(replay, loss_limit=1e3)
    async with hosted(trainer, tmp_path) as (host, events):
        await host.complete(CompleteFrame((1, 9), (10, 10)))
        await host.save()
        good = await asyncio.to_thread(trainer.checkpoint, 0, 0.0)
        bad = rows(0, 10, 40)
        bad["kpis"] = 1e9
        replay.append(0, bad)
        replay.append(1, rows(1, 10, 40))
        await host.complete(CompleteFrame((1, 39), (40, 40)))
        assert host.halted
        assert "beyond the limit" in events.reasons[0]
        restored = await asyncio.to_thread(trainer.checkpoint, 0, 0.0)
        assert contents(restored.learner) == contents(good.learner)
        newest = events.publications[-1]
        assert decode(newest.artefacts[0])[0].updates == good.updates
        count = len(events.publications)
        await host.complete(CompleteFrame((1, 40), (41, 41)))
        assert len(events.publications) == count
        assert trainer.updates == good.updates
        assert host.resume()
        assert not host.resume()
    assert events.reasons[1:] == ["resumed"]


async def test_weights_that_cannot_be_published_count_as_divergence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = new_trainer(full_replay(10))
    async with hosted(trainer, tmp_path) as (host, events):
        await host.save()
        real, failures = trainer.artefacts, [PolicyError(PolicyCause.NOT_FINITE, "layers.0.weight")]

        def artefacts(*arguments: object) -> list[bytes]:
            if failures:
                raise failures.pop()
            return real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(trainer, "artefacts", artefacts)
        await host.complete(CompleteFrame((1, 9), (10, 10)))
        assert host.halted
        assert "not_finite" in events.reasons[0]
        assert [decode(artefact)[0].updates for artefact in events.publications[-1].artefacts] == [0, 0]


async def test_a_full_disk_keeps_no_learner_from_going_on_and_the_checkpoint_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = new_trainer(full_replay(10))
    async with hosted(trainer, tmp_path) as (host, events):
        with monkeypatch.context() as patched:
            patched.setattr("cadran.runtime.files.os.fsync", full)
            await host.save()
            await host.complete(CompleteFrame((1, 8), (9, 9)))
        assert (events.refused > 0, events.checkpoints) == (True, 0)
        assert list(tmp_path.iterdir()) == []
        await asyncio.sleep(0.01)
        real, failures = events.publish, [OSError(errno.ENOSPC, "full")] * 2

        async def publish(publication: Publication) -> None:
            if failures:
                raise failures.pop()
            await real(publication)

        monkeypatch.setattr(host, "_publish", publish)
        published = len(events.publications)
        await host.complete(CompleteFrame((1, 9), (10, 10)))
        await host.publish()
        assert (failures, len(events.publications) > published, events.checkpoints) == ([], True, 1)
        found, _ = CheckpointStore(tmp_path, 3).newest()
        assert found is not None
        assert found.updates == trainer.updates > 0


def full(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_host_that_never_began_leaves_no_checkpoint(tmp_path: Path) -> None:
    async with hosted(new_trainer(full_replay()), tmp_path):
        pass
    assert CheckpointStore(tmp_path, 3).newest() == (None, [])


async def test_nothing_is_sampled_before_every_du_has_a_row(tmp_path: Path) -> None:
    replay = MemoryReplay(SCHEMA, DUS, 1000)
    replay.append(0, rows(0, 0, 20))
    trainer = new_trainer(replay)
    async with hosted(trainer, tmp_path) as (host, events):
        await host.complete(CompleteFrame((1, 19), (20, 0)))
    assert trainer.updates == 0
    assert events.publications == []

"""Doing a job, on one thread: train, adapt, or let the rules decide, and keep the result at once."""

from __future__ import annotations

from pathlib import Path

import torch

from cadran.lab.meta import adapt, meta_train, references
from cadran.lab.meta.studies.archive import Archive
from cadran.lab.meta.studies.cells import Training, Trial, Yardstick
from cadran.lab.meta.studies.jobs import CellJob
from cadran.lab.study.job import Report


def perform(job: CellJob, folder: Path, report: Report) -> None:
    """Do a job and keep its result in the folder."""
    torch.set_num_threads(1)
    archive = Archive(folder)
    match job.cell:
        case Training():
            _train(job.cell, archive, report)
        case Trial():
            _adapt(job.cell, archive, report)
        case Yardstick():
            network = job.cell.place.network(job.cell.experiment)
            found = references(job.cell.experiment, network, job.cell.episodes, job.cell.place.seed)
            archive.keep_references(job.cell, found)


def _train(cell: Training, archive: Archive, report: Report) -> None:
    trained = meta_train(
        cell.run, cell.plan, progress=lambda iteration: report(iteration / cell.plan.iterations)
    )
    archive.keep_trained(cell, trained)


def _adapt(cell: Trial, archive: Archive, report: Report) -> None:
    trained = None if cell.training is None else archive.trained(cell.training)
    network = cell.place.network(cell.run.experiment)
    last = max(1, cell.shots.shots[-1])
    adaptation = adapt(
        cell.run,
        trained,
        cell.shots,
        network,
        cell.place.seed,
        progress=lambda shot: report(shot / last),
    )
    archive.keep_adaptation(cell, adaptation)

"""The results of a folder, by the cell that gave them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from cadran.lab.meta import (
    Adaptation,
    MetaTrained,
    References,
    load_adaptation,
    load_meta_trained,
    save_adaptation,
    save_meta_trained,
)
from cadran.lab.meta.studies.cells import Cell, Training, Trial, Yardstick, facts_of
from cadran.lab.study.store import Store

FACTS, ADAPTATION, REFERENCES = "facts.json", "adaptation.npz", "references.json"


class Archive:
    """Keeps what cells gave.

    Args:
        folder: Where studies keep their results.
    """

    def __init__(self, folder: Path) -> None:
        self._trainings = Store(folder / "trainings")
        self._trials = Store(folder / "trials")
        self._yardsticks = Store(folder / "yardsticks")

    def has(self, key: str) -> bool:
        """Whether the result of this cell is there."""
        return any(store.has(key) for store in (self._trainings, self._trials, self._yardsticks))

    def sweep(self) -> None:
        """Remove what was left half-written. Only for who alone writes here."""
        for store in (self._trainings, self._trials, self._yardsticks):
            store.sweep()

    def trained(self, cell: Training) -> MetaTrained:
        """What a training gave."""
        return load_meta_trained(self._trainings.folder(cell.key))

    def adaptation(self, cell: Trial) -> Adaptation:
        """What a trial gave."""
        return load_adaptation(self._trials.folder(cell.key) / ADAPTATION)

    def references(self, cell: Yardstick) -> References:
        """How the rules did."""
        text = (self._yardsticks.folder(cell.key) / REFERENCES).read_text(encoding="utf-8")
        kept = json.loads(text)
        reward = {name: np.array(values, dtype=np.float64) for name, values in kept["reward"].items()}
        urllc, mmtc = kept["margins"]
        return References(reward, kept["best"], (urllc, mmtc))

    def keep_trained(self, cell: Training, trained: MetaTrained) -> None:
        """Keep what a training gave, and what it was."""

        def write(folder: Path) -> None:
            save_meta_trained(folder, trained)
            _write_facts(folder, cell)

        self._trainings.keep(cell.key, write)

    def keep_adaptation(self, cell: Trial, adaptation: Adaptation) -> None:
        """Keep what a trial gave, and what it was."""

        def write(folder: Path) -> None:
            save_adaptation(folder / ADAPTATION, adaptation)
            _write_facts(folder, cell)

        self._trials.keep(cell.key, write)

    def keep_references(self, cell: Yardstick, references: References) -> None:
        """Keep how the rules did, and where."""

        def write(folder: Path) -> None:
            # JSON writes numbers so that reading gives the same ones again.
            kept = {
                "reward": {name: values.tolist() for name, values in references.reward.items()},
                "best": references.best,
                "margins": references.margins,
            }
            (folder / REFERENCES).write_text(json.dumps(kept) + "\n", encoding="utf-8")
            _write_facts(folder, cell)

        self._yardsticks.keep(cell.key, write)


def _write_facts(folder: Path, cell: Cell) -> None:
    (folder / FACTS).write_text(json.dumps(facts_of(cell), indent=1) + "\n", encoding="utf-8")

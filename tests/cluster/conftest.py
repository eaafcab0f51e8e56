"""A Ray cluster of machines that are processes here: a head without processors, and two nodes of one each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]

# Read when Ray is loaded; nothing here reports its use.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# Nodes load the jobs' made-up cells.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))


class SmallCluster:
    """Two nodes that do jobs; may lose and get nodes."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 0, "include_dashboard": False},
        )
        self._nodes = [self._add(), self._add()]
        self._cluster.wait_for_nodes()

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def lose_a_node(self) -> None:
        """As if its machine had lost its power."""
        self._cluster.remove_node(self._nodes.pop(), allow_graceful=False)

    def add_a_node(self) -> None:
        self._nodes.append(self._add())
        self._cluster.wait_for_nodes()

    def end(self) -> None:
        self._cluster.shutdown()

    def _add(self) -> Any:
        return self._cluster.add_node(num_cpus=1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[SmallCluster]:
    cluster = SmallCluster()
    yield cluster
    cluster.end()

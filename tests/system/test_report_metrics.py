"""Every service of a run can be scraped, and names its metrics by the Prometheus conventions."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

SCENARIO = Path(__file__).parents[2] / "scenarios" / "smoke.yaml"
START_TIMEOUT_S = 90.0
BASE_UNITS = ("seconds", "bytes", "ratio", "info")
# The house, the two interfaces, and the measurements that E2SM-KPM names.
NAME = r"(cadran|e2|e3|oran_kpm)_[a-z][a-z0-9_]*"
FOREIGN = ("python_", "process_")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Metric]]]:
    """Metric families of every service, from a run in which frames are served."""
    folder = tmp_path_factory.mktemp("scraped") / "run"
    command = [sys.executable, "-m", "cadran.cli", "up", "--scenario", str(SCENARIO), "--json"]
    with subprocess.Popen(
        [*command, "--out", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _serving(folder):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        urls = json.loads((folder / "run.json").read_text())["metrics"]
        families = {service: _scrape(url) for service, url in urls.items()}
        for url in urls.values():
            for state in ("alive", "ready"):
                with urllib.request.urlopen(url.replace("/metrics", f"/ric/v1/health/{state}")) as answer:
                    assert answer.status == 200
        yield families
        running.terminate()
        assert running.wait(timeout=60) == 0


def _serving(folder: Path) -> bool:
    """Whether the xApp has stored transitions: then every service has something to tell."""
    status = folder / "xapp" / "status.json"
    return status.exists() and min(json.loads(status.read_text())["stored"]) > 0


def _scrape(url: str) -> list[Metric]:
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        return list(text_string_to_metric_families(answer.read().decode()))


def test_every_service_tells_something(scraped: dict[str, list[Metric]]) -> None:
    assert set(scraped) == {"ransim", "xapp", "dapp-0", "dapp-1"}
    for service, families in scraped.items():
        own = [family for family in families if not family.name.startswith(FOREIGN)]
        assert len(own) >= 3, service
        assert any(sample.value > 0 for family in own for sample in family.samples), service


def test_names_follow_the_conventions(scraped: dict[str, list[Metric]]) -> None:
    for service, families in scraped.items():
        for family in families:
            if family.name.startswith(FOREIGN):
                continue
            where = f"{service}: {family.name}"
            assert re.fullmatch(NAME, family.name), where
            assert family.documentation, where
            assert not re.search(r"_(ms|millis|milliseconds|us|kb|mb|percent)(_|$)", family.name), where
            for sample in family.samples:
                if family.type == "counter" and not sample.name.endswith("_created"):
                    assert sample.name.endswith("_total"), where
                if family.type in ("histogram", "summary"):
                    assert any(unit in family.name for unit in BASE_UNITS), where
                # A UE is no label: there are hundreds, and they come and go.
                assert "ue" not in sample.labels, where

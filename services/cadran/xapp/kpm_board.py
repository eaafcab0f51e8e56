"""The newest measurements of each E2 node, for REST and for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from cadran.wire.codecs import out_of_range
from cadran.wire.gen.e2sm.v1 import kpm_pb2
from cadran.wire.kpm_measurement import Measurement
from cadran.wire.kpm_registry import REGISTRY
from cadran.wire.kpm_samples import Sample, samples

_LABELS = ("du", "sst", "sd")


@dataclass(frozen=True)
class KpmReport:
    """One KPM indication.

    Attributes:
        collected_unix_s: Start of the window, Unix seconds.
        epoch: Epoch of the RAN.
        first_frame: First frame of the window.
        last_frame: Last frame of the window.
        samples: What was measured.
    """

    collected_unix_s: float
    epoch: int
    first_frame: int
    last_frame: int
    samples: tuple[Sample, ...]


class KpmBoard(Collector):
    """Keeps one report per DU; registered with Prometheus, it shows them as gauges in base units.

    A measurement without a value has no gauge: nothing measured is not zero.

    Args:
        told: Hears of every report and its DU.
    """

    def __init__(self, told: Callable[[int, KpmReport], None] | None = None) -> None:
        self._reports: dict[int, KpmReport] = {}
        self._told = told

    def take(
        self, du: int, header: kpm_pb2.KpmIndicationHeader, message: kpm_pb2.KpmIndicationMessage
    ) -> None:
        """A DU reported.

        Raises:
            wire.causes.RangeError: A slice identifier or a value is out of range, or the window ends before
                it begins.
        """
        if header.last_frame < header.first_frame:
            raise out_of_range(f"a window of frames {header.first_frame} to {header.last_frame}")
        report = KpmReport(
            collected_unix_s=header.collect_start_time_unix_ms / 1e3,
            epoch=header.epoch,
            first_frame=header.first_frame,
            last_frame=header.last_frame,
            samples=tuple(samples(message)),
        )
        self._reports[du] = report
        if self._told is not None:
            self._told(du, report)

    def forget(self, du: int) -> None:
        """A DU is gone: its last measurements are not current any more."""
        self._reports.pop(du, None)

    def report(self, du: int) -> KpmReport | None:
        """The newest report of a DU."""
        return self._reports.get(du)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge per measurement of the registry."""
        families = {name: _family(measurement) for name, measurement in REGISTRY.items()}
        for du, report in sorted(self._reports.copy().items()):
            for sample in report.samples:
                if sample.base_value is not None:
                    families[sample.measurement.name].add_metric(_labels(du, sample), sample.base_value)
        yield from families.values()


def _family(measurement: Measurement) -> GaugeMetricFamily:
    text = f"{measurement.name}: {measurement.text}"
    return GaugeMetricFamily(measurement.prometheus_name, text, labels=_LABELS)


def _labels(du: int, sample: Sample) -> list[str]:
    if sample.slice is None:
        return [str(du), "", ""]
    sd = sample.slice.sd
    return [str(du), str(sample.slice.sst), "" if sd is None else f"{sd:06X}"]

"""Prometheus metrics of one service: a registry of its own, filled by names of the house.

Names are `cadran_<service>_<what>_<unit>`, counters end in `_total`; labels never hold anything per UE.
"""

from __future__ import annotations

import platform
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.exposition import choose_encoder

from cadran import __version__


def new_registry(service: str) -> CollectorRegistry:
    """A registry with the service's build and its process's memory, processor time and open files.

    Args:
        service: name of the service, for example `xapp`.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "cadran_build_info",
        "Version of the running service; the value is always 1",
        ("service", "version", "python"),
        registry=registry,
    )
    build.labels(service, __version__, platform.python_version()).set(1)
    return registry


def exposition(registry: CollectorRegistry, accept: str) -> tuple[str, bytes]:
    """All metrics in the text format that the scraper accepts.

    Args:
        registry: the service's registry.
        accept: the request's `Accept` header; empty gives Prometheus' text format.

    Returns:
        Content type and body.
    """
    encode: Callable[[CollectorRegistry], bytes]
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
import structlog

from cadran.runtime.logging import configure_logging


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_is_an_object_with_service_and_du() -> None:
    stream = io.StringIO()
    log = configure_logging("dapp", du=3, stream=stream)
    log.info("policy installed", version=7)
    thread = threading.Thread(target=lambda: structlog.get_logger().warning("from a thread"))
    thread.start()
    thread.join()
    logging.getLogger("grpc").error("from %s", "a library")
    first, second, third = lines(stream)
    assert {key: first[key] for key in ("event", "service", "du", "version", "level")} == {
        "event": "policy installed",
        "service": "dapp",
        "du": 3,
        "version": 7,
        "level": "info",
    }
    assert str(first["timestamp"]).endswith("Z")
    assert (second["event"], second["du"], second["level"]) == ("from a thread", 3, "warning")
    assert (third["event"], third["service"], third["level"]) == ("from a library", "dapp", "error")


def test_levels_below_the_chosen_one_are_left_out() -> None:
    stream = io.StringIO()
    log = configure_logging("xapp", level="warning", stream=stream)
    log.info("quiet")
    logging.getLogger("x").info("quiet")
    log.warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]
    assert "du" not in lines(stream)[0]


def test_an_exception_stays_on_its_line() -> None:
    stream = io.StringIO()
    log = configure_logging("xapp", stream=stream)
    try:
        raise KeyError("lost")
    except KeyError:
        log.exception("failed")
    (line,) = lines(stream)
    assert line["event"] == "failed"
    assert "KeyError" in json.dumps(line["exception"])


def test_people_get_columns() -> None:
    stream = io.StringIO()
    configure_logging("ransim", style="console", stream=stream).info("started", frame=5)
    assert "started" in stream.getvalue()
    assert "frame=5" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()

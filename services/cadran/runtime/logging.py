"""Structured logs to standard error: JSON lines for machines, columns for people. Set up once, by `main`."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Logger = structlog.stdlib.BoundLogger
"""What services log with: an event's name and key=value facts."""

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]


def configure_logging(
    service: str,
    du: int | None = None,
    level: LogLevel = "info",
    style: LogFormat = "json",
    stream: TextIO = sys.stderr,
) -> Logger:
    """Send this process's logs, the libraries' as well, to one stream with one form.

    Args:
        service: name that every line carries.
        du: index of the DU that every line carries; None for services that serve several.
        level: least level that is written.
        style: `json` = one object per line; `console` = aligned text, coloured on a terminal.
        stream: where to.

    Returns:
        The service's logger.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _Origin(service, du),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(style, stream)],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logger: Logger = structlog.get_logger(service)
    return logger


def _last(style: LogFormat, stream: TextIO) -> list[Processor]:
    if style == "console":
        return [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]


class _Origin:
    """Puts service and DU on every line; context variables would not reach other threads."""

    def __init__(self, service: str, du: int | None) -> None:
        self._origin = {"service": service} if du is None else {"service": service, "du": du}

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Add what the event does not say itself."""
        return {**self._origin, **event}

"""How people read and write a duration."""

SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds of a unit as people write it behind a number; none means seconds."""


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where needed: ``02:05``, ``1:00:00``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"

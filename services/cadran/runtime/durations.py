"""How people read a duration."""


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where needed: ``02:05``, ``1:00:00``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"

"""Why a request over A1-P fails, with the status that it is answered with (A1AP; 3GPP TS 29.501)."""

from __future__ import annotations

from collections.abc import Mapping


class A1Error(Exception):
    """A request that fails; nothing was changed.

    Args:
        status: HTTP status.
        detail: Why, for people.
        headers: For the answer.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers

"""Settings of a service with a REST API."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field


class RestSettings(BaseModel):
    """Who may call over REST."""

    rest_tokens: Path | None = Field(
        default=None,
        description="file of bearer tokens, a line each: ROLE NAME TOKEN (read, operate, admin); read "
        "again when it changes. Without it and without TLS, REST asks callers for nothing",
    )
    rest_tls: bool = Field(
        default=True,
        description="with tls_ca, tls_cert and tls_key: REST over TLS, of this service and of the xApp it "
        "calls; false: in clear text, for a proxy that does it, or a port that nobody else reaches",
    )

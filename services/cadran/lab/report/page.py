"""What every page shares: its template environment, its style sheet, and pictures that lie inside it."""

from __future__ import annotations

import base64

from jinja2 import Environment

from cadran.runtime.templates import template_environment


def page_environment(package: str) -> Environment:
    """Templates of a package, which can include the shared style sheet, ``page.css``.

    Args:
        package: Whose folder ``templates`` to look in first.
    """
    return template_environment(package, shared="cadran.lab.report")


def data_uri(png: bytes) -> str:
    """A picture as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"

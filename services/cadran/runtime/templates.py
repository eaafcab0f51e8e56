"""Templates of pages, the same rules for all: what is missing is an error, and text is escaped."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def template_environment(package: str, shared: str) -> Environment:
    """Templates of a package, and those that its pages share with others.

    Args:
        package: Whose folder ``templates`` to look in first.
        shared: The package whose folder ``templates`` to look in then.
    """
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(shared)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

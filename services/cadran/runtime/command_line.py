"""The command line of a service: every flag is one of its settings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from cadran.runtime.lifecycle import EXIT_CONFIG
from cadran.runtime.settings import ConfigError, load_settings

M = TypeVar("M", bound=BaseModel)


def service_parser(
    prog: str, description: str, model: type[BaseModel], flags: Mapping[str, str]
) -> argparse.ArgumentParser:
    """A parser of `--config`, of the flags asked for, and of `--set` for the scenario.

    What is not given is None, so that it comes from the environment, the file, or the defaults.

    Args:
        prog: how the service is called.
        description: what it is.
        model: its settings, one of which is `overrides`; their descriptions are the flags' help.
        flags: a setting's name with dashes, to what its value stands for in the help. A setting that is true
            or false gets `--name` and `--no-name`.
    """
    parser = argparse.ArgumentParser(prog=prog, description=description, allow_abbrev=False)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (YAML)")
    for flag, metavar in flags.items():
        field = model.model_fields[flag.replace("-", "_")]
        if field.annotation is bool:
            either = argparse.BooleanOptionalAction
            parser.add_argument(f"--{flag}", action=either, default=None, help=field.description)
        else:
            parser.add_argument(f"--{flag}", metavar=metavar, help=field.description)
    changes = model.model_fields["overrides"].description
    parser.add_argument("--set", dest="overrides", action="append", metavar="KEY=VALUE", help=changes)
    return parser


def run_service(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    model: type[M],
    env_prefix: str,
    serve: Callable[[M], int],
) -> int:
    """Run a service with the settings that its command line, environment and file give.

    Args:
        parser: from `service_parser`.
        arguments: of the command line; None takes the process's own.
        model: the service's settings.
        env_prefix: of its environment variables, see `load_settings`.
        serve: the service; returns the process's exit status.

    Returns:
        The exit status; 2 after one line on standard error where the configuration is unusable.
    """
    flags = vars(parser.parse_args(arguments))
    try:
        return serve(load_settings(model, flags.pop("config"), env_prefix, flags))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIG

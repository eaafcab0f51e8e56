"""``python -m cadran.rapp``: reads settings, puts the rApp together, runs it, ends cleanly on SIGTERM."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cadran.rapp.settings import ENVIRONMENT_PREFIX, RappSettings
from cadran.runtime import ConfigError
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.files import held
from cadran.runtime.lifecycle import run
from cadran.runtime.logging import configure_logging
from cadran.runtime.metrics import new_registry

_ABOUT = "The rApp: meta-learns what DUs start from, judges it, and delivers it to the xApp."
_GRACE_S = 30.0
"""Time for the round or evaluation under way after a signal."""


def parser() -> argparse.ArgumentParser:
    """The command line; what is not given comes from the environment, the file, or the defaults."""
    flags = {
        "scenario": "FILE",
        "seed": "N",
        "rest": "HOST:PORT",
        "redis": "URL",
        "redis-password-file": "FILE",
        "redis-ca": "FILE",
        "redis-region": "NAME",
        "xapp": "HOST:PORT",
        "rest-tokens": "FILE",
        "state-dir": "DIR",
        "round-period-s": "S",
        "candidate-every": "N",
        "learn": "",
        "resume": "",
        "tls-ca": "FILE",
        "tls-cert": "FILE",
        "tls-key": "FILE",
        "log-level": "LEVEL",
        "log-format": "FORMAT",
    }
    return service_parser("cadran rapp", _ABOUT, RappSettings, flags)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rApp; returns the exit status (2: bad configuration, after one line on standard error)."""
    return run_service(parser(), arguments, RappSettings, ENVIRONMENT_PREFIX, _run)


def _run(settings: RappSettings) -> int:
    # Imported late: torch takes seconds, and a wrong flag should be told at once.
    from cadran.rapp.assembly import Assembly, new_health
    from cadran.rapp.scenario import load_scenario

    configure_logging("rapp", level=settings.log_level, style=settings.log_format)
    scenario = load_scenario(settings.scenario, settings.overrides)
    health = new_health()

    async def serve() -> int:
        return await Assembly(settings, scenario, new_registry("rapp"), health).rapp().run()

    with _claimed(settings.state_dir):
        return run(serve, health, _GRACE_S)


@contextlib.contextmanager
def _claimed(state_dir: Path) -> Iterator[None]:
    """The state directory is there and this process's own inside this context.

    Raises:
        ConfigError: It cannot be made, or another process uses it.
    """
    with contextlib.ExitStack() as stack:
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(state_dir))
        except BlockingIOError as error:
            raise ConfigError(f"--state-dir {state_dir}: another process uses it") from error
        except OSError as error:
            raise ConfigError(f"--state-dir {state_dir}: {error.strerror}") from error
        yield


if __name__ == "__main__":
    sys.exit(main())

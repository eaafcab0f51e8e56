"""Free loopback ports for a run's services."""

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"
# Below Linux' range for outgoing connections (32768 and up), so that none of those takes a port between its
# choice here and its use by a service.
FIRST_PORT, LAST_PORT = 20_000, 32_000
ATTEMPTS = 1000


def free_ports(count: int) -> list[int]:
    """Chooses ``count`` different TCP ports that are free on the loopback interface now.

    Raises:
        OSError: no free port was found.
    """
    with contextlib.ExitStack() as held:
        return [_hold_one(held) for _ in range(count)]


def _hold_one(held: contextlib.ExitStack) -> int:
    for _ in range(ATTEMPTS):
        port = random.SystemRandom().randint(FIRST_PORT, LAST_PORT)
        probe = socket.socket()
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            probe.close()
            continue
        held.enter_context(probe)
        return port
    raise OSError(f"no free TCP port found on {LOOPBACK} between {FIRST_PORT} and {LAST_PORT}")

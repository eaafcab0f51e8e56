"""The health check of the images: is the service of this container ready?

    python -IS probe.py VARIABLE...

Each variable of the environment holds the host:port of a service's health, one of which must answer that it
is ready. Status 0 if so, else 1 with the reasons on standard output. Only the standard library and no site
packages, because it runs every few seconds beside a loop of milliseconds.
"""

import os
import socket
import sys

TIMEOUT_S = 3.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def ask(address: str) -> tuple[bool, str]:
    """Whether the service at host:port is ready, and what it says."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    request = b"GET /ric/v1/health/ready HTTP/1.0\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((_EVERYWHERE.get(host, host), int(port)), TIMEOUT_S) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode(errors="replace")
    except OSError as error:
        return False, f"{address}: {error}"
    head, _, body = answer.partition("\r\n\r\n")
    return head.split()[1:2] == ["200"], f"{address}: {body.strip() or head}"


def main(variables: list[str]) -> int:
    """Exit status."""
    addresses = [os.environ[name] for name in variables if name in os.environ]
    answers = [ask(address) for address in addresses]
    if any(ready for ready, _ in answers):
        return 0
    said = [text for _, text in answers] or [f"none of {', '.join(variables)} is set"]
    sys.stdout.write("\n".join(said) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

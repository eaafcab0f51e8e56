"""What the rApp asks of an xApp over REST. A call blocks its thread, for at most its time-out."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cadran.runtime import Address
from cadran.runtime.tls import Tls

_MOST_BYTES = 16 << 20
Count = Annotated[int, Field(ge=0, lt=2**53)]
_OK, _FIRST_ERROR, _FIRST_SERVER_ERROR = 200, 400, 500


class XappAwayError(ConnectionError):
    """The xApp does not answer, or not in a way that can be read; trying again may help."""


class XappRefusedError(ValueError):
    """The xApp refuses; the same request will be refused again. The text is the xApp's own."""


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Origin(_Told):
    """Which initialisation something comes from."""

    version: Count
    sha256: str = Field(description="of its tensors, hex")


class DuAdaptation(_Told):
    """How one DU adapts, as the xApp tells it."""

    du: Count
    cold: bool = Field(description="whether it adapts from fresh networks in any case")
    start: Origin | None = Field(description="initialisation that it started from; null: fresh networks")
    acknowledged: bool = Field(description="whether its dApp says that it runs what it started with")
    shots: Count = Field(description="made since the start")
    rewards: list[float] = Field(
        description="mean reward per frame while k shots had been made, k = 0, 1, ..."
    )
    shots_to_95: Count | None = Field(
        description="shots until 95 % of the gain were there; null: too few yet"
    )
    diverged: str | None = Field(
        default=None, description="why it makes no more shots until a restart; null: it has not diverged"
    )


class Adaptation(_Told):
    """How all DUs of an xApp adapt."""

    initialisation: Origin | None = Field(description="the newest that the xApp holds; null: none yet")
    shot_frames: Count = Field(description="frames of a DU from one shot to the next")
    dus: list[DuAdaptation]


class _Problem(_Told):
    detail: str


class XappClient:
    """Speaks to one xApp.

    Args:
        address: Of its REST.
        timeout_s: For a call as a whole, however slowly the other side reads or answers.
        tls: Certificates to speak TLS with; None: clear text.
    """

    def __init__(self, address: Address, timeout_s: float, tls: Tls | None = None) -> None:
        self._tls = tls
        self._address = address
        self._timeout_s = timeout_s

    def adaptation(self) -> Adaptation:
        """How its DUs adapt.

        Raises:
            XappAwayError: No answer, or one that cannot be read.
            XappRefusedError: It adapts nothing.
        """
        try:
            return Adaptation.model_validate_json(self._call("GET", "/v1/adaptation", None))
        except ValidationError as error:
            raise XappAwayError(f"xApp at {self._address}: {error.errors()[0]['msg']}") from error

    def deliver(self, artifact: bytes) -> None:
        """Give it an initialisation.

        Raises:
            XappAwayError: No answer: whether it was taken is not known; the same one may be sent again.
            XappRefusedError: It was not taken.
        """
        self._call("PUT", "/v1/initialisation", artifact)

    def _call(self, method: str, path: str, body: bytes | None) -> bytes:
        deadline_s = time.monotonic() + self._timeout_s
        try:
            with closing(self._connection()) as connection:
                connection.connect()
                with _cut_off(connection.sock, deadline_s - time.monotonic()):
                    connection.request(method, path, body, {"Content-Type": "application/octet-stream"})
                    answer = connection.getresponse()
                    content = answer.read(_MOST_BYTES)
        except (OSError, HTTPException) as error:
            raise XappAwayError(f"xApp at {self._address} does not answer: {error}") from error
        self._check(answer, content)
        return content

    def _connection(self) -> HTTPConnection:
        """Raises `OSError` while certificates are being renewed, and do not go together."""
        host, port = self._address.host, self._address.port
        if self._tls is None:
            return HTTPConnection(host, port, timeout=self._timeout_s)
        return HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls.client_context())

    def _check(self, answer: HTTPResponse, content: bytes) -> None:
        if answer.status == _OK:
            return
        detail = _detail(content) or answer.reason
        if _FIRST_ERROR <= answer.status < _FIRST_SERVER_ERROR:
            raise XappRefusedError(detail)
        raise XappAwayError(f"xApp at {self._address}: {answer.status} {detail}")


@contextmanager
def _cut_off(connected: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection if this context lasts longer: a socket's own time-out begins anew with each byte.

    Raises:
        TimeoutError: It has lasted longer.
    """
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError):  # it has ended by itself
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, seconds), end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():  # also where a body that was cut off reads as a whole one
            raise TimeoutError("not within its time-out")


def _detail(content: bytes) -> str:
    """Of problem details; empty if these are none."""
    try:
        return _Problem.model_validate_json(content).detail
    except ValidationError:
        return ""

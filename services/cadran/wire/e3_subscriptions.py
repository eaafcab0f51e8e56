"""What a dApp wants indicated, and whether its DU can have it so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

FRAMES_FUNCTION_ID = 1
LONGEST_PERIOD_FRAMES = 1000
_MOST_IDS = 100


@dataclass(frozen=True)
class Subscription:
    """Which frames are indicated to a dApp, and with what.

    Attributes:
        id: the dApp's number for it, 1..100; 0: never asked for, as with E3AP 1.0.
        period_frames: frames from one indication to the next.
        user_measurements: whether measurements of users come along, where there are any.
    """

    id: int
    period_frames: int
    user_measurements: bool

    def includes(self, frame: int) -> bool:
        """Whether a frame that begins no episode is indicated."""
        return frame % self.period_frames == 0


#: What a dApp of E3AP 1.0 has.
EVERYTHING = Subscription(0, 1, user_measurements=True)


def frames_function(longest_period_frames: int, user_measurements: bool) -> e3ap_pb2.RanFunction:
    """The frames of a DU as a RAN function, for its setup response."""
    return e3ap_pb2.RanFunction(
        ran_function_id=FRAMES_FUNCTION_ID,
        name="frames",
        revision=1,
        longest_period_frames=longest_period_frames,
        user_measurements=user_measurements,
    )


def admitted(
    request: e3ap_pb2.SubscriptionRequest,
    functions: Iterable[e3ap_pb2.RanFunction],
    present: Subscription | None,
) -> Subscription:
    """The subscription that a request asks for.

    Args:
        request: the dApp's.
        functions: what the DU offered in its setup response.
        present: what the dApp is subscribed to already.

    Raises:
        WireError: it cannot be had: protocol/semantic-error (an id out of range), dapp/ran-function-unknown,
            subscription-limit (another one is there), period-not-supported or measurements-not-available.
    """
    number, period = request.subscription_id, request.period_frames
    if not 1 <= number <= _MOST_IDS:
        raise WireError(Cause("protocol", "semantic-error", f"subscription {number} not in 1..{_MOST_IDS}"))
    function = {one.ran_function_id: one for one in functions}.get(request.ran_function_id)
    if function is None:
        raise _refused("ran-function-unknown", f"RAN function {request.ran_function_id} was not offered")
    if present is not None and present.id != number:
        raise _refused("subscription-limit", f"subscription {present.id} is there; a dApp has one")
    if not 1 <= period <= function.longest_period_frames:
        text = f"every {period} frames; 1 to {function.longest_period_frames} are offered"
        raise _refused("period-not-supported", text)
    if request.user_measurements and not function.user_measurements:
        raise _refused("measurements-not-available", "this RAN measures slices only, not users")
    return Subscription(number, period, request.user_measurements)


def require_present(number: int, present: Subscription | None) -> None:
    """Raise `WireError` (dapp/subscription-unknown) unless `number` is what the dApp is subscribed to."""
    if present is None or present.id != number:
        raise _refused("subscription-unknown", f"there is no subscription {number}")


def _refused(name: str, text: str) -> WireError:
    return WireError(Cause("dapp", name, text))

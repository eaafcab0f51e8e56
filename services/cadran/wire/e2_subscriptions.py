"""RIC subscriptions as the E2 node holds them: which actions are admitted, and why others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cadran.wire.causes import Cause, WireError, from_proto
from cadran.wire.e2_session import (
    DAPP_FUNCTION_ID,
    KPM_FUNCTION_ID,
    MAX_ACTIONS,
    SN_MODULUS,
    RequestKey,
    decode,
    key_of,
)
from cadran.wire.gen.e2ap.v1 import e2ap_pb2
from cadran.wire.gen.e2sm.v1 import dapp_pb2
from cadran.wire.kpm_actions import KpmAction, read_action, read_trigger

#: Report actions of one association: each costs the node time in every reporting period.
MAX_ADMITTED = 64


@dataclass
class SequenceNumbers:
    """RIC indication SN of one subscription: 0..65535, then 0 again.

    Attributes:
        next: the number of the next indication.
    """

    next: int = 0

    def take(self) -> int:
        """The number of the indication to be sent now."""
        number = self.next
        self.next = (number + 1) % SN_MODULUS
        return number


@dataclass(frozen=True)
class Subscription:
    """One report action that the RIC subscribed to.

    Attributes:
        key: RIC request id as (requestor, instance).
        ran_function_id: 2 KPM, 4 relay for dApps.
        action_id: the admitted action.
        schema_fingerprint: of a subscription to reports; empty: any.
        kpm: what a KPM subscription asks for.
        reporting_period_ms: of a KPM subscription.
        numbers: shared by the actions of one RIC request.
    """

    key: RequestKey
    ran_function_id: int
    action_id: int
    schema_fingerprint: str = ""
    kpm: KpmAction | None = None
    reporting_period_ms: int = 0
    numbers: SequenceNumbers = field(default_factory=SequenceNumbers, repr=False, compare=False)

    @property
    def meas_names(self) -> tuple[str, ...]:
        """What a KPM subscription names as a whole: report styles 1 and 5."""
        return self.kpm.meas_names if self.kpm is not None else ()


class SubscriptionTable:
    """The subscriptions of one association; each holds one or more admitted actions of one RAN function."""

    def __init__(self) -> None:
        self._actions: dict[RequestKey, tuple[Subscription, ...]] = {}

    def __iter__(self) -> Iterator[Subscription]:
        for actions in self._actions.values():
            yield from actions

    def __contains__(self, key: RequestKey) -> bool:
        return key in self._actions

    def admit(
        self, request: e2ap_pb2.RicSubscriptionRequest, accept: Callable[[Subscription], None]
    ) -> e2ap_pb2.RicSubscriptionResponse:
        """Admit every action that can be, and name the others with the cause.

        Args:
            request: of the RIC.
            accept: called with each action; raises `WireError` to refuse it.

        Raises:
            WireError: no action is admitted.
        """
        key = self._check(request)
        response = e2ap_pb2.RicSubscriptionResponse(
            ric_request_id=request.ric_request_id, ran_function_id=request.ran_function_id
        )
        admitted: dict[int, Subscription] = {}
        numbers = SequenceNumbers()
        for action in request.ric_actions_to_be_setup:
            try:
                if action.ric_action_id in admitted:
                    text = f"action id {action.ric_action_id} twice in one request"
                    raise WireError(Cause("ric_request", "duplicate-action", text))
                self._check_room(len(admitted))
                subscription = _read_action(key, request, action, numbers)
                accept(subscription)
            except WireError as error:
                response.ric_actions_not_admitted.add(
                    ric_action_id=action.ric_action_id, cause=error.cause.to_proto()
                )
            else:
                admitted[action.ric_action_id] = subscription
                response.ric_actions_admitted.append(action.ric_action_id)
        if not admitted:
            raise WireError(from_proto(response.ric_actions_not_admitted[0].cause))
        self._actions[key] = tuple(admitted.values())
        return response

    def delete(self, request: e2ap_pb2.RicSubscriptionDeleteRequest) -> tuple[Subscription, ...]:
        """End a subscription, and return its actions.

        Raises:
            WireError: ric_request/request-id-unknown, or ran-function-id-invalid when the subscription is to
                another RAN function.
        """
        key = key_of(request)
        actions = self._actions.get(key)
        if actions is None:
            raise WireError(Cause("ric_request", "request-id-unknown", f"no subscription {key}"))
        if actions[0].ran_function_id != request.ran_function_id:
            text = f"subscription {key} is to RAN function {actions[0].ran_function_id}"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))
        return self._actions.pop(key)

    def drop(self, key: RequestKey) -> tuple[Subscription, ...]:
        """End a subscription that may exist, and return its actions."""
        return self._actions.pop(key, ())

    def drop_function(self, ran_function_id: int) -> tuple[Subscription, ...]:
        """End the subscriptions to a RAN function, and return their actions."""
        gone = tuple(one for one in self if one.ran_function_id == ran_function_id)
        for key in {one.key for one in gone}:
            del self._actions[key]
        return gone

    def drop_all(self) -> tuple[Subscription, ...]:
        """End every subscription, and return their actions."""
        gone = tuple(self)
        self._actions.clear()
        return gone

    def _check(self, request: e2ap_pb2.RicSubscriptionRequest) -> RequestKey:
        key = key_of(request)
        count = len(request.ric_actions_to_be_setup)
        if request.ran_function_id not in (KPM_FUNCTION_ID, DAPP_FUNCTION_ID):
            text = f"RAN function {request.ran_function_id} has no report actions; 2 and 4 have"
            raise WireError(Cause("ric_request", "ran-function-id-invalid", text))
        if key in self._actions:
            text = f"RIC request id {key} is in use"
            raise WireError(Cause("ric_request", "duplicate-ric-request-id", text))
        if count > MAX_ACTIONS:
            text = f"{count} actions; at most {MAX_ACTIONS}"
            raise WireError(Cause("ric_request", "excessive-actions", text))
        if count == 0:
            name = "abstract-syntax-error-falsely-constructed-message"
            raise WireError(Cause("protocol", name, "a subscription without actions"))
        return key

    def _check_room(self, more: int) -> None:
        held = more + sum(map(len, self._actions.values()))
        if held >= MAX_ADMITTED:
            text = f"{held} report actions are admitted; at most {MAX_ADMITTED}"
            raise WireError(Cause("ric_request", "function-resource-limit", text))


def _read_action(
    key: RequestKey,
    request: e2ap_pb2.RicSubscriptionRequest,
    action: e2ap_pb2.RicActionToBeSetup,
    numbers: SequenceNumbers,
) -> Subscription:
    """The subscription that one action asks for; raise `WireError` when it cannot be served."""
    if action.ric_action_id > 255 or action.ric_action_type != e2ap_pb2.RIC_ACTION_TYPE_REPORT:
        text = f"action {action.ric_action_id} of type {action.ric_action_type}; ids 0..255, only REPORT"
        raise WireError(Cause("ric_request", "action-not-supported", text))
    _check_subsequent(action)
    definition = action.ric_action_definition
    if request.ran_function_id == DAPP_FUNCTION_ID:
        relay = decode(dapp_pb2.DappRelayActionDefinition, definition, "dApp relay action definition")
        return Subscription(
            key,
            DAPP_FUNCTION_ID,
            action.ric_action_id,
            schema_fingerprint=relay.schema_fingerprint,
            numbers=numbers,
        )
    period_ms = read_trigger(request.ric_event_trigger_definition)
    return Subscription(
        key,
        KPM_FUNCTION_ID,
        action.ric_action_id,
        kpm=read_action(definition, period_ms),
        reporting_period_ms=period_ms,
        numbers=numbers,
    )


def _check_subsequent(action: e2ap_pb2.RicActionToBeSetup) -> None:
    """A REPORT suspends no procedure of the node, so nothing can wait after it (TS 104 039 8.2.1.3)."""
    if not action.HasField("ric_subsequent_action"):
        return
    kind = action.ric_subsequent_action.ric_subsequent_action_type
    if kind != e2ap_pb2.RIC_SUBSEQUENT_ACTION_TYPE_CONTINUE:
        text = f"action {action.ric_action_id}: subsequent action {kind} after a REPORT; only CONTINUE (1)"
        raise WireError(Cause("ric_request", "inconsistent-action-subsequent-action-sequence", text))

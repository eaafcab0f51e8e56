"""RAN functions of one association: what the node offers, and what the RIC has accepted of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cadran.wire.causes import Cause, WireError
from cadran.wire.gen.e2ap.v1 import e2ap_pb2

#: maxofRANfunctionID of E2AP.
MAX_FUNCTIONS = 256
_MAX_ID = 4095


class RanFunctions:
    """RAN functions by their id.

    Args:
        functions: what there is at first.
    """

    def __init__(self, functions: Iterable[e2ap_pb2.RanFunction]) -> None:
        self._functions = {one.ran_function_id: one for one in functions}

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._functions))

    def __len__(self) -> int:
        return len(self._functions)

    def __contains__(self, function_id: object) -> bool:
        return function_id in self._functions

    def ids(self) -> list[e2ap_pb2.RanFunctionId]:
        """Every function with its revision, by id."""
        return [_id_of(self._functions[number]) for number in self]

    def update(
        self, update: e2ap_pb2.RicServiceUpdate, accepted: Iterable[e2ap_pb2.RanFunctionId] | None = None
    ) -> None:
        """Take over an update, or what was accepted of it; what it deletes is gone in any case."""
        taken = None if accepted is None else {one.ran_function_id for one in accepted}
        for one in (*update.ran_functions_added, *update.ran_functions_modified):
            if taken is None or one.ran_function_id in taken:
                self._functions[one.ran_function_id] = one
        for gone in update.ran_functions_deleted:
            self._functions.pop(gone.ran_function_id, None)

    def lacking(self, accepted: Iterable[e2ap_pb2.RanFunctionId]) -> e2ap_pb2.RicServiceUpdate:
        """What a peer that accepted these functions does not know of these here."""
        theirs = {one.ran_function_id: one for one in accepted}
        ours = [self._functions[number] for number in self]
        return e2ap_pb2.RicServiceUpdate(
            ran_functions_added=[one for one in ours if one.ran_function_id not in theirs],
            ran_functions_modified=[
                one for one in ours if _id_of(one) != theirs.get(one.ran_function_id, _id_of(one))
            ],
            ran_functions_deleted=[theirs[number] for number in sorted(theirs) if number not in self],
        )


def check_functions(*lists: Iterable[e2ap_pb2.RanFunction | e2ap_pb2.RanFunctionId]) -> None:
    """Raise `WireError` when lists of RAN functions are impossible beside each other.

    Raises:
        WireError: ric_service/excessive-functions, more than 256; protocol/semantic-error, an id or a
            revision above 4095, or an id twice.
    """
    listed = [one for functions in lists for one in functions]
    if len(listed) > MAX_FUNCTIONS:
        text = f"{len(listed)} RAN functions; at most {MAX_FUNCTIONS}"
        raise WireError(Cause("ric_service", "excessive-functions", text))
    seen: set[int] = set()
    for one in listed:
        number, revision = one.ran_function_id, one.ran_function_revision
        if max(number, revision) > _MAX_ID:
            text = f"RAN function {number} revision {revision}; each is 0..{_MAX_ID}"
            raise WireError(Cause("protocol", "semantic-error", text))
        if number in seen:
            raise WireError(Cause("protocol", "semantic-error", f"RAN function {number} twice"))
        seen.add(number)


def _id_of(function: e2ap_pb2.RanFunction) -> e2ap_pb2.RanFunctionId:
    return e2ap_pb2.RanFunctionId(
        ran_function_id=function.ran_function_id, ran_function_revision=function.ran_function_revision
    )

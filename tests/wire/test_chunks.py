"""Artefacts come out of chunks as they went in, or are refused with a cause; memory stays bounded."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cadran.wire.causes import WireError
from cadran.wire.chunks import CHUNK_BYTES, Artefact, Assembler, split
from cadran.wire.gen.e2sm.v1 import dapp_pb2

sizes = st.integers(1, 5 * CHUNK_BYTES) | st.sampled_from([1, CHUNK_BYTES, CHUNK_BYTES + 1, 4 * CHUNK_BYTES])


def _artefact(size: int = 3 * CHUNK_BYTES + 17, version: int = 4) -> Artefact:
    data = bytes(index % 251 for index in range(min(size, 4096)))
    return Artefact(2, "policy", version, 9, 100, (data * (size // 4096 + 1))[:size])


def _refused(assembler: Assembler, chunk: dapp_pb2.PolicyChunk) -> str:
    with pytest.raises(WireError) as caught:
        assembler.add(chunk)
    return caught.value.cause.label


@settings(max_examples=40)
@given(sizes)
def test_split_and_assemble_is_the_identity(size: int) -> None:
    artefact = _artefact(size)
    chunks = list(split(artefact))
    assembler = Assembler(du_id=2)
    results = [assembler.add(chunk) for chunk in chunks]
    assert results[:-1] == [None] * (len(chunks) - 1)
    assert results[-1] == artefact
    assert all(len(chunk.data) <= CHUNK_BYTES for chunk in chunks)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3), max_size=12))
def test_any_sequence_of_chunks_gives_the_artefact_or_nothing(order: list[int]) -> None:
    artefact = _artefact()
    chunks = list(split(artefact))
    assembler = Assembler(du_id=2)
    for index in order:
        with suppress(WireError):
            assert assembler.add(chunks[index]) in (None, artefact)
    assembler.reset()
    assert [assembler.add(chunk) for chunk in chunks][-1] == artefact


def test_a_gap_discards_the_artefact_and_the_next_one_passes() -> None:
    chunks = list(split(_artefact()))
    assembler = Assembler(du_id=2)
    assembler.add(chunks[0])
    assert _refused(assembler, chunks[2]) == "policy/chunk-out-of-order"
    assert _refused(assembler, chunks[1]) == "policy/chunk-out-of-order"
    assert [assembler.add(chunk) for chunk in chunks][-1] is not None


def test_a_duplicate_is_refused_and_the_artefact_goes_on() -> None:
    chunks = list(split(_artefact()))
    assembler = Assembler(du_id=2)
    assembler.add(chunks[0])
    assembler.add(chunks[1])
    assert _refused(assembler, chunks[1]) == "policy/chunk-duplicate"
    assert [assembler.add(chunk) for chunk in chunks[2:]][-1] == _artefact()


def test_chunks_of_other_artefacts_and_dus_are_foreign() -> None:
    chunks, others = list(split(_artefact())), list(split(_artefact(version=5)))
    assembler = Assembler(du_id=2)
    assembler.add(chunks[0])
    assert _refused(assembler, others[1]) == "policy/chunk-foreign"
    assert _refused(Assembler(du_id=1), chunks[0]) == "policy/chunk-foreign"


def test_a_new_artefact_takes_the_place_of_an_unfinished_one() -> None:
    assembler = Assembler(du_id=2)
    assembler.add(next(split(_artefact())))
    newer = _artefact(version=5)
    assert [assembler.add(chunk) for chunk in split(newer)][-1] == newer


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"total_bytes": 2**30, "chunk_count": 2**14}, "policy/too-large"),
        ({"total_bytes": 0, "chunk_count": 0}, "policy/corrupt"),
        ({"chunk_count": 9}, "policy/corrupt"),
        ({"sha256": b"short"}, "policy/corrupt"),
        ({"data": b"too little"}, "policy/corrupt"),
        ({"chunk_index": 4}, "policy/corrupt"),
    ],
)
def test_impossible_chunks_are_refused(change: dict[str, object], cause: str) -> None:
    chunk = next(split(_artefact()))
    for name, value in change.items():
        setattr(chunk, name, value)
    assembler = Assembler(du_id=2)
    assert _refused(assembler, chunk) == cause


def test_changed_bytes_fail_the_hash() -> None:
    chunks = list(split(_artefact()))
    chunks[1].data = bytes(CHUNK_BYTES)
    assembler = Assembler(du_id=2)
    for chunk in chunks[:-1]:
        assembler.add(chunk)
    assert _refused(assembler, chunks[-1]) == "policy/hash-mismatch"


@pytest.mark.parametrize("size", [0, 17 * 2**20])
def test_artefacts_out_of_range_are_not_split(size: int) -> None:
    with pytest.raises(ValueError, match="allowed"):
        list(split(Artefact(0, "p", 1, 1, 0, bytes(size))))


def test_a_trace_context_travels_with_the_last_chunk_only() -> None:
    data = bytes(3 * CHUNK_BYTES)
    for context in ("", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"):
        artefact = Artefact(0, "du0", 1, 1, 0, data, context)
        assert [chunk.traceparent for chunk in split(artefact)] == ["", "", context]


def _mixed(versions: list[int]) -> list[dapp_pb2.PolicyChunk]:
    return [chunk for version in versions for chunk in split(_artefact(3 * CHUNK_BYTES + 17, version))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=16))
def test_artefacts_amid_each_other_come_out_whole_or_not_at_all(order: list[int]) -> None:
    chunks = _mixed([4, 5])
    assembler = Assembler(du_id=2)
    for place in order:
        with suppress(WireError):
            made = assembler.add(chunks[place])
            assert made is None or made == _artefact(3 * CHUNK_BYTES + 17, made.version)
        assert sum(map(len, assembler._parts)) <= 4 * CHUNK_BYTES


_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "du_id": st.integers(0, 3),
        "policy_id": st.sampled_from(["policy", "other"]),
        "version": st.integers(0, 2**32 - 1),
        "sha256": st.binary(max_size=40),
        "chunk_index": st.integers(0, 2**32 - 1),
        "chunk_count": st.integers(0, 2**32 - 1),
        "total_bytes": st.integers(0, 2**32 - 1),
        "effective_frame": st.integers(0, 2**32 - 1),
        "delivery": st.integers(0, 2**32 - 1),
        "data": st.binary(max_size=64),
    },
)
_CAUSES = {"chunk-foreign", "chunk-out-of-order", "chunk-duplicate", "too-large", "corrupt", "hash-mismatch"}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3), _CHANGES)
def test_a_spoilt_chunk_never_makes_another_artefact(place: int, changes: dict[str, object]) -> None:
    artefact, assembler, made = _artefact(), Assembler(du_id=2), []
    for index, chunk in enumerate(split(artefact)):
        if index == place:
            for name, value in changes.items():
                setattr(chunk, name, value)
        try:
            made.append(assembler.add(chunk))
        except WireError as error:
            assert error.cause.group == "policy"  # noqa: PT017 - some chunks pass, some do not
            assert error.cause.name in _CAUSES  # noqa: PT017
    assert all(one is None or one.data == artefact.data for one in made)
    assert [assembler.add(chunk) for chunk in split(artefact)][-1] == artefact  # the next one passes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.replay import ReplayError, TransitionSchema, paper_buffer_bytes
from transitions import SMALL, make_rows

dims = st.integers(1, 40)


@given(dims, dims, st.integers(0, 40))
def test_a_row_has_22_bytes_of_head_and_4_for_each_number(state: int, action: int, kpis: int) -> None:
    schema = TransitionSchema(state, action, kpis)
    assert schema.row_bytes == 22 + 4 * (2 * state + action + kpis + 1)
    assert not schema.dtype.isalignedstruct


@given(dims, dims, st.integers(0, 40))
def test_a_fingerprint_names_its_schema(state: int, action: int, kpis: int) -> None:
    schema = TransitionSchema(state, action, kpis)
    assert TransitionSchema.from_fingerprint(schema.fingerprint) == schema


def test_schemas_of_equal_row_size_have_different_fingerprints() -> None:
    one, other = TransitionSchema(3, 4, 5), TransitionSchema(4, 4, 3)
    assert one.row_bytes == other.row_bytes
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("text", ["", "s3.a2.k1.00000000", "s3.a2.k1", "s0.a2.k1.00000000", "nonsense"])
def test_an_unknown_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ReplayError):
        TransitionSchema.from_fingerprint(text)


def test_the_layout_is_little_endian_and_begins_with_the_identity() -> None:
    data = SMALL.encode(make_rows([0x01020304], epoch=0x1122334455667788))
    assert data[:12] == bytes.fromhex("8877665544332211 04030201")


@given(st.integers(0, 20))
def test_bytes_round_trip(count: int) -> None:
    rows = make_rows(range(count))
    np.testing.assert_array_equal(SMALL.decode(SMALL.encode(rows)), rows)


def test_half_a_row_is_refused() -> None:
    with pytest.raises(ReplayError, match="not a whole number of rows"):
        SMALL.decode(SMALL.encode(make_rows(range(3)))[:-1])


@pytest.mark.parametrize("field", ["state", "action", "reward", "kpis", "next_state"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_frame(field: str, value: float) -> None:
    rows = make_rows(range(40, 45))
    rows[field].reshape(5, -1)[2, 0] = value
    with pytest.raises(ReplayError, match=f"frame 42 holds a {field}"):
        SMALL.decode(rows.tobytes())


def test_rows_of_another_schema_are_not_encoded() -> None:
    with pytest.raises(ReplayError, match="not a list of rows"):
        SMALL.encode(TransitionSchema(4, 4, 3).empty(2))
    with pytest.raises(ReplayError, match="not a list of rows"):
        SMALL.encode(SMALL.empty(4).reshape(2, 2))


@pytest.mark.parametrize("sizes", [(0, 1, 1), (1, 0, 1), (1, 1, -1)])
def test_sizes_are_checked(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(ReplayError):
        TransitionSchema(*sizes)


@pytest.mark.parametrize(
    ("kpis", "row_bytes", "all_bytes"), [(0, 874, 524_400_000), (147, 1462, 877_200_000)]
)
def test_the_papers_buffers_take_what_the_documentation_says(
    kpis: int, row_bytes: int, all_bytes: int
) -> None:
    schema = TransitionSchema(state_dim=6, action_dim=200, kpi_dim=kpis)
    assert schema.dtype.itemsize == row_bytes
    assert paper_buffer_bytes(schema) == all_bytes

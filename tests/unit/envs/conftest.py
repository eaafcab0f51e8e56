import numba
import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    # Frames of a small world are shorter than the time that two threads need to meet.
    numba.set_num_threads(1)

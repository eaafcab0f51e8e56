import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_torch_thread() -> None:
    # What is promised bit for bit is promised for one thread.
    torch.set_num_threads(1)

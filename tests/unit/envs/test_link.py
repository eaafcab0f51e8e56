import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cadran.envs.link import LinkSpec, LossyLink, require_ideal
from cadran.runtime import ConfigError


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_an_ideal_link_passes_all_on_at_once_and_draws_nothing():
    generator = rng()
    link = LossyLink[str](0, 0.0, generator)
    for frame in range(5):
        link.push(frame, f"a{frame}")
        link.push(frame, f"b{frame}")
        assert [arrival.item for arrival in link.arrivals(frame)] == [f"a{frame}", f"b{frame}"]
    assert generator.bit_generator.state == rng().bit_generator.state


@given(st.integers(0, 50), st.floats(0, 0.9), st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_what_arrives_is_late_by_the_delay_in_order_and_never_twice(delay, loss, gaps):
    link = LossyLink[int](delay, loss, rng())
    sent_at = np.cumsum(gaps).tolist()
    came = []
    for frame in range(sent_at[-1] + delay + 1):
        for number, sent in enumerate(sent_at):
            if sent == frame:
                link.push(frame, number)
        for arrival in link.arrivals(frame):
            assert arrival.frame + delay == frame
            assert arrival.frame == sent_at[arrival.item]
            came.append(arrival.item)
    assert came == sorted(set(came))
    if loss == 0:
        assert came == list(range(len(sent_at)))


def test_what_nobody_asked_for_in_its_frame_waits():
    link = LossyLink[int](2, 0.0, rng())
    for frame in range(4):
        link.push(frame, frame)
    assert link.arrivals(1) == []
    assert [arrival.item for arrival in link.arrivals(4)] == [0, 1, 2]
    assert [arrival.item for arrival in link.arrivals(9)] == [3]


def test_each_lane_loses_its_own_share():
    link = LossyLink[int](1, 0.2, rng(), lanes=(2, 3))
    for frame in range(2000):
        link.push(frame, frame)
    arrived = np.array([arrival.arrived for arrival in link.arrivals(2000)])
    assert arrived.shape[1:] == (2, 3)
    np.testing.assert_allclose(arrived.sum(axis=0) / 2000, 0.8, atol=0.04)
    together = (arrived[:, 0, 0] & arrived[:, 1, 2]).sum() / 2000
    np.testing.assert_allclose(together, 0.64, atol=0.05)


def test_the_same_generator_loses_the_same():
    def run() -> list[int]:
        link = LossyLink[int](0, 0.5, rng(7))
        return [len(link.arrivals(frame)) for frame in range(50) if link.push(frame, frame) is None]

    assert run() == run()


def test_time_does_not_run_backwards():
    link = LossyLink[int](3, 0.0, rng())
    link.push(5, 0)
    with pytest.raises(ValueError, match="frame 4 comes after frame 5"):
        link.push(4, 1)


@pytest.mark.parametrize("key", list(LinkSpec.model_fields))
def test_any_impairment_is_refused_where_it_is_not_modelled(key):
    require_ideal(LinkSpec(), "demo.yaml")
    impaired = LinkSpec.model_validate({key: 0.1 if key.endswith("loss") else 1})
    assert not impaired.ideal
    with pytest.raises(ConfigError, match=r"^demo.yaml: link: .* leave the section out$"):
        require_ideal(impaired, "demo.yaml")


@pytest.mark.parametrize(
    "section",
    [{"report_delay_frames": 51}, {"policy_delay_frames": -1}, {"report_loss": 1}, {"policy_loss": -0.1}],
)
def test_what_no_link_can_be_is_an_error(section):
    with pytest.raises(ValidationError):
        LinkSpec.model_validate(section)

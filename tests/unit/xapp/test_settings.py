from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bad_configuration import refusal
from cadran.policy import decode, save
from cadran.problem import Problem, ProblemSpec
from cadran.replay.redis_protocol import check_region
from cadran.runtime import Address, ConfigError, load_settings
from cadran.xapp.__main__ import main, parser
from cadran.xapp.settings import ENVIRONMENT_PREFIX, XappSettings
from cadran.xapp.start_policy import load_policies, start_from

from .conftest import NAMES, Artefact
from .experience import DUS, learner
from .test_rest import FRAME

PROBLEM = Problem(ProblemSpec(), FRAME)


def settings(*arguments: str) -> XappSettings:
    flags = vars(parser().parse_args(arguments))
    return load_settings(XappSettings, flags.pop("config"), ENVIRONMENT_PREFIX, flags)


def test_flags_go_before_environment_before_file_before_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "xapp.yaml"
    file.write_text("scenario: s.yaml\nseed: 1\nkpm_period_s: 0.5\nrest: 127.0.0.1:1000\n")
    monkeypatch.setenv("CADRAN_XAPP_SEED", "2")
    monkeypatch.setenv("CADRAN_XAPP_REST", "127.0.0.1:2000")
    made = settings(
        "--config", str(file), "--seed", "3", "--no-learn", "--set", "world.dus=2", "--set", "a=b"
    )
    assert (made.seed, made.rest, made.kpm_period_s) == (3, Address("127.0.0.1", 2000), 0.5)
    assert (made.learn, made.resume, made.overrides) == (False, True, ("world.dus=2", "a=b"))
    assert made.e2_listen.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scenario", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--scenario", "x", "--rest", "nonsense"], "--rest"),
        (["--scenario", "x", "--redis", "http://x"], "--redis"),
        (["--scenario", "x", "--seed", "-1"], "--seed"),
        ([], "--scenario (or CADRAN_XAPP_SCENARIO): is required"),
    ],
)
def test_bad_configuration_is_one_line_and_status_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert text in refusal(main, arguments, ENVIRONMENT_PREFIX, capsys, monkeypatch)


def test_policies_of_a_directory_get_a_new_version_and_keep_their_weights(
    tmp_path: Path, artefact: Artefact
) -> None:
    for du in (0, 1):
        for version in (4, 9):
            save(tmp_path, artefact(du, version))
    loaded = load_policies(tmp_path, PROBLEM, 2, version=1)
    for du, data in enumerate(loaded):
        meta, _ = decode(data)
        assert (meta.du, meta.version) == (du, 1)
        assert meta.sha256 == decode(artefact(du, 9))[0].sha256


def test_a_directory_that_does_not_fit_is_told(tmp_path: Path, artefact: Artefact) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_policies(tmp_path / "none", PROBLEM, 1, 1)
    with pytest.raises(ConfigError, match=r"no policy for DUs \[0, 1\] of 0\.\.1"):
        load_policies(tmp_path, PROBLEM, 2, 1)
    save(tmp_path, artefact(0, 1))
    other = Problem(ProblemSpec(reward="eq8"), FRAME)
    with pytest.raises(ConfigError, match="trained for"):
        load_policies(tmp_path, other, 1, 1)
    with pytest.raises(ConfigError, match="--no-learn"):
        start_from(learner(), [artefact(0, 1)], tmp_path)


def test_actors_start_from_the_artefacts(artefact: Artefact) -> None:
    ours, theirs = learner(seed=1), learner(seed=2)
    made = [
        theirs.artifact(du, version=1, created_unix_s=0.0, problem=NAMES, effective_frame=0)
        for du in range(DUS)
    ]
    start_from(ours, made, Path("p"))
    for du in range(DUS):
        for name, value in theirs.actor_tensors(du).items():
            np.testing.assert_array_equal(ours.actor_tensors(du)[name], value)


@pytest.mark.parametrize("region", ["", "a b", "a{b}", "x" * 65, "ü", "a\n", "demo", "run-1.b_2", "x" * 64])
def test_a_region_is_accepted_exactly_if_replay_accepts_it(region: str) -> None:
    def accepted(call: Callable[[], object]) -> bool:
        try:
            call()
        except ValueError:
            return False
        return True

    of_settings = accepted(lambda: XappSettings(scenario=Path("s.yaml"), redis_region=region))
    assert of_settings == accepted(lambda: check_region(region))

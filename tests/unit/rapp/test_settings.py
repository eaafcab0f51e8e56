from __future__ import annotations

from pathlib import Path

import pytest

from bad_configuration import refusal
from cadran.rapp.__main__ import main, parser
from cadran.rapp.scenario import load_scenario
from cadran.rapp.settings import ENVIRONMENT_PREFIX, RappSettings
from cadran.runtime import Address, ConfigError, load_settings
from cadran.runtime.files import held
from two_levels import SMOKE


def settings(*arguments: str) -> RappSettings:
    flags = vars(parser().parse_args(arguments))
    return load_settings(RappSettings, flags.pop("config"), ENVIRONMENT_PREFIX, flags)


def test_flags_go_before_environment_before_file_before_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rapp.yaml"
    file.write_text("scenario: s.yaml\nseed: 1\nmargin: 0.5\nrest: 127.0.0.1:1000\n")
    monkeypatch.setenv("CADRAN_RAPP_SEED", "2")
    monkeypatch.setenv("CADRAN_RAPP_REST", "127.0.0.1:2000")
    made = settings("--config", str(file), "--seed", "3", "--no-learn", "--set", "world.dus=2")
    assert (made.seed, made.rest, made.margin) == (3, Address("127.0.0.1", 2000), 0.5)
    assert (made.learn, made.resume, made.overrides) == (False, True, ("world.dus=2",))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--scenario", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--scenario", str(SMOKE)], "hierarchy: is required"),
        (["--scenario", str(SMOKE), "--set", "hierarchy.decision_frame=5"], "decision_frames"),
        (["--scenario", "x", "--rest", "nonsense"], "--rest"),
        (["--scenario", "x", "--redis-region", "a b"], "--redis-region"),
        (["--scenario", "x", "--candidate-every", "0"], "--candidate-every"),
        ([], "--scenario (or CADRAN_RAPP_SCENARIO): is required"),
    ],
)
def test_bad_configuration_is_one_line_and_status_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert text in refusal(main, arguments, ENVIRONMENT_PREFIX, capsys, monkeypatch)


def test_a_world_that_cannot_grant_to_users_is_told() -> None:
    with pytest.raises(ConfigError, match=r"smoke\.yaml"):
        load_scenario(SMOKE, ("hierarchy.decision_frames=5", "world.preset=3gpp"))


def test_a_state_directory_has_one_user(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--scenario", str(SMOKE), "--set", "hierarchy.decision_frames=5", "--state-dir", str(tmp_path),
    ]  # fmt: skip
    with held(tmp_path):
        assert main(arguments) == 2
    assert capsys.readouterr().err == f"--state-dir {tmp_path}: another process uses it\n"
    (tmp_path / "file").touch()
    assert main([*arguments[:-1], str(tmp_path / "file")]) == 2
    assert "--state-dir" in capsys.readouterr().err

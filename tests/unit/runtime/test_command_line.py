from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from pydantic import Field

from bad_configuration import refusal
from cadran.runtime import ConfigError
from cadran.runtime.command_line import run_service, service_parser
from cadran.runtime.service_settings import ServiceSettings

PREFIX = "CADRAN_SOME_"


class Settings(ServiceSettings):
    seed: int = Field(default=7, ge=0, description="100 % of what is drawn")
    learn: bool = Field(default=True, description="whether it learns")
    long_name_s: float = Field(default=1.0, description="a time")


def run(arguments: list[str], serve: Callable[[Settings], int]) -> int:
    flags = {"scenario": "FILE", "seed": "N", "learn": "", "long-name-s": "S"}
    parser = service_parser("some", "Some service.", Settings, flags)
    return run_service(parser, arguments, Settings, PREFIX, serve)


def given(*arguments: str) -> Settings:
    got: list[Settings] = []

    def serve(settings: Settings) -> int:
        got.append(settings)
        return 5

    assert run(["--scenario", "x", *arguments], serve) == 5
    return got[0]


def test_a_flag_sets_the_setting_of_its_name_and_what_is_not_given_stays() -> None:
    assert given() == Settings(scenario="x")
    assert given("--seed", "3").seed == 3
    assert given("--no-learn").learn is False
    assert given("--long-name-s", "0.5").long_name_s == 0.5
    assert given("--set", "a.b=1", "--set", "c.d=2").overrides == ("a.b=1", "c.d=2")


def test_a_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SEED", "4")
    monkeypatch.setenv(f"{PREFIX}LEARN", "false")
    assert (given().seed, given().learn) == (4, False)
    assert (given("--seed", "3").seed, given("--learn").learn) == (3, True)


def test_what_a_service_cannot_use_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(settings: Settings) -> int:
        raise ConfigError("no world\nlike this")

    def told(*arguments: str) -> str:
        return refusal(lambda given: run(list(given), serve), arguments, PREFIX, capsys, monkeypatch)

    assert told("--scenario", "x") == "no world like this"
    assert told().startswith("--scenario (or CADRAN_SOME_SCENARIO)")
    assert told("--scenario", "x", "--seed", "-1").startswith("--seed = '-1'")


def test_a_flag_may_not_be_cut_short() -> None:
    with pytest.raises(SystemExit):
        given("--se", "3")


@pytest.mark.parametrize("service", ["dapp", "ransim", "xapp", "rapp"])
def test_every_service_shows_its_settings_and_their_descriptions(
    service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main = import_module(f"cadran.{service}.__main__").main
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "scenario overrides, key.path=value" in shown
    assert "--seed N" in shown

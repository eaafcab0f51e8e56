from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cadran.runtime import (
    Address,
    AddressField,
    ClockSpec,
    ConfigError,
    load_settings,
    read_document,
    section,
)


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sam(Frozen):
    actor_rho: float = Field(default=0.05, ge=0, le=1)
    gate: Literal["none", "td_variance"] = "none"


class Quadratic(Frozen):
    kind: Literal["quadratic"] = "quadratic"
    weight: float = 1.0


class Linear(Frozen):
    kind: Literal["linear"] = "linear"
    slope: float = 1.0


class Learner(Frozen):
    batch_size: int = Field(default=256, ge=1, le=4096)
    sam: Sam = Sam()
    hidden: tuple[int, ...] = (64, 64)
    penalty: Annotated[Linear | Quadratic, Field(discriminator="kind")] = Linear()
    warmup: int = 10

    @model_validator(mode="after")
    def warm_before_first_batch(self) -> Learner:
        if self.warmup > 1000 * self.batch_size:
            raise ValueError(f"warmup {self.warmup} needs a larger batch_size than {self.batch_size}")
        return self


def scenario(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    return path


def read(tmp_path: Path, text: str, *overrides: str) -> Learner:
    return section(read_document(scenario(tmp_path, text), overrides), "learner", Learner)


# ------------------------------------------------------------------------------------------ reading


def test_a_section_is_read_and_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    learner = read(tmp_path, "learner:\n  sam: {actor_rho: 1e-1}\n  hidden: [300, 400]\n")
    assert learner == Learner(sam=Sam(actor_rho=0.1), hidden=(300, 400))


@pytest.mark.parametrize("text", ["", "learner:", "name: x"])
def test_a_section_that_is_not_there_has_its_defaults(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Learner()


def test_a_scenario_is_named_by_itself_or_its_file(tmp_path: Path) -> None:
    assert read_document(scenario(tmp_path, "name: paper")).name == "paper"
    assert read_document(scenario(tmp_path, "")).name == "scenario"


def test_overrides_change_values_however_deep(tmp_path: Path) -> None:
    learner = read(
        tmp_path, "learner: {batch_size: 8}", "learner.batch_size=32", "learner.sam.gate=td_variance"
    )
    assert learner == Learner(batch_size=32, sam=Sam(gate="td_variance"))


def test_the_last_override_wins(tmp_path: Path) -> None:
    assert read(tmp_path, "", "learner.batch_size=1", "learner.batch_size=2").batch_size == 2


def test_an_override_of_an_anchor_leaves_its_other_uses_alone(tmp_path: Path) -> None:
    text = "learner: {sam: &s {actor_rho: 0.5}}\nclock: *s\n"
    document = read_document(scenario(tmp_path, text), ["learner.sam.actor_rho=0.1"])
    assert document.data["clock"] == {"actor_rho": 0.5}


@given(st.integers(1, 4096), st.floats(0, 1), st.sampled_from(["none", "td_variance"]))
def test_any_allowed_value_passes_as_an_override(batch: int, rho: float, gate: str) -> None:
    path = Path(__file__).parent / "empty.yaml"
    document = read_document(
        path, [f"learner.batch_size={batch}", f"learner.sam.actor_rho={rho!r}", f"learner.sam.gate={gate}"]
    )
    learner = section(document, "learner", Learner)
    assert (learner.batch_size, learner.sam.actor_rho, learner.sam.gate) == (batch, rho, gate)


# ----------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("learner: {batch_sise: 8}", [], "{file}: learner.batch_sise: unknown key 'batch_sise' (did you mean "
         "'batch_size'?); known: batch_size, sam, hidden, penalty, warmup"),
        ("learner: {sam: {rho: 8}}", [], "{file}: learner.sam.rho: unknown key 'rho' (did you mean "
         "'actor_rho'?); "
         "known: actor_rho, gate"),
        ("learner: {penalty: {kind: linear, slop: 1}}", [], "{file}: learner.penalty.linear.slop: "
         "unknown key "
         "'slop' (did you mean 'slope'?); known: kind, slope, weight"),
        ("learner: {batch_size: 0}", [], "{file}: learner.batch_size = 0: must be greater than or equal "
         "to 1"),
        ("learner: {sam: {gate: off}}", [], "{file}: learner.sam.gate = 'off': must be 'none' or "
         "'td_variance'"),
        ("learner: {hidden: [3, x]}", [], "{file}: learner.hidden.1 = 'x': must be a valid integer, "
         "unable to "
         "parse string as an integer"),
        ("learner: {batch_size: 0, warmup: x}", [], "{file}: learner.batch_size = 0: must be greater than or "
         "equal to 1 (and 1 more)"),
        ("learner: {batch_size: 1, warmup: 5000}", [], "{file}: learner: warmup 5000 needs a larger "
         "batch_size "
         "than 1"),
        ("", ["learner.batch_size=0"], "--set learner.batch_size = 0: must be greater than or equal to 1"),
        ("", ["learner.sam={actor_rho: 2}"], "--set learner.sam.actor_rho = 2: must be less than or "
         "equal to 1"),
        ("learner: 3", [], "{file}: learner = 3: must be a mapping of keys to values"),
        ("lerner: {}", [], "{file}: unknown key 'lerner' (did you mean 'learner'?); known: name, "
         "description, "
         "world, problem, hierarchy, meta, ddpg, tasks, disturbance, learner, clock, link, impairments"),
        ("- 1", [], "{file}: must be a mapping of keys to values, not list"),
        ("name: 3", [], "{file}: name = 3: must be a text"),
        ("learner: [", [], "{file}: line 1, column 11: expected the node content, but found '<stream end>'"),
        ("learner: {}\nlearner: {}", [], "{file}: line 2, column 1: key 'learner' is given twice"),
        ("", ["lerner.x=1"], "--set lerner.x=1: unknown key 'lerner' (did you mean 'learner'?); known: name, "
         "description, world, problem, hierarchy, meta, ddpg, tasks, disturbance, learner, clock, link, "
         "impairments"),
        ("", ["learner"], "--set learner: must read section.key=value, for example world.dus=2"),
        ("", ["learner=3"], "--set learner=3: must read section.key=value, for example world.dus=2"),
        ("", ["learner..x=3"], "--set learner..x=3: must read section.key=value, for example world.dus=2"),
        ("", ["learner.x=["], "--set learner.x=[: line 1, column 2: expected the node content, but found "
         "'<stream end>'"),
        ("learner: {hidden: [1]}", ["learner.hidden.x=1"], "--set learner.hidden.x=1: learner.hidden is "
         "a value, "
         "not a mapping"),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_one_line(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, *overrides)
    assert str(caught.value) == message.format(file=tmp_path / "scenario.yaml")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_document(tmp_path / "binary.yaml")


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_any_text_is_a_document_or_one_line(text: str) -> None:
    path = Path(__file__).parent / "empty.yaml"
    message = ""
    try:
        section(read_document(path, [f"learner.{text}"]), "learner", Learner)
    except ConfigError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1


def test_the_clocks_ranges_are_checked(tmp_path: Path) -> None:
    path = scenario(tmp_path, "clock: {decision_timeout_s: .nan}")
    with pytest.raises(ConfigError, match=r"clock\.decision_timeout_s = nan: must be a finite number"):
        section(read_document(path), "clock", ClockSpec)
    assert section(read_document(path, ["clock.decision_timeout_s=2"]), "clock", ClockSpec) == ClockSpec(
        decision_timeout_s=2
    )


# ------------------------------------------------------------------------------- a service's settings


class Settings(Frozen):
    listen: AddressField = Address("127.0.0.1", 1)
    seed: int = Field(default=0, ge=0)
    learn: bool = True
    overrides: tuple[str, ...] = ()
    scenario: Path


def load(file: Path | None = None, **flags: object) -> Settings:
    return load_settings(Settings, file, "CADRAN_TEST_", flags)


def test_flags_go_before_environment_before_file_before_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scenario(tmp_path, "scenario: a.yaml\nseed: 1\n")
    assert load(file) == Settings(scenario=Path("a.yaml"), seed=1)
    monkeypatch.setenv("CADRAN_TEST_SEED", "2")
    assert load(file).seed == 2
    assert load(file, seed=3).seed == 3
    assert load(file, seed=None).seed == 2


def test_the_environment_is_text_that_fits_the_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADRAN_TEST_SCENARIO", "a.yaml")
    monkeypatch.setenv("CADRAN_TEST_LEARN", "false")
    monkeypatch.setenv("CADRAN_TEST_LISTEN", "[::1]:80")
    monkeypatch.setenv("CADRAN_TEST_OVERRIDES", "[world.dus=2, world.ues=3]")
    assert load() == Settings(
        scenario=Path("a.yaml"),
        learn=False,
        listen=Address("::1", 80),
        overrides=("world.dus=2", "world.ues=3"),
    )


def test_variables_that_name_no_field_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADRAN_TEST_SERVICE_HOST", "10.0.0.1")
    assert load(scenario="a.yaml").seed == 0


@pytest.mark.parametrize(
    ("variables", "flags", "message"),
    [
        ({}, {}, "--scenario (or CADRAN_TEST_SCENARIO): is required and has no default"),
        ({"CADRAN_TEST_SEED": "-1"}, {"scenario": "a"}, "environment: CADRAN_TEST_SEED = '-1': must be "
         "greater "
         "than or equal to 0"),
        ({"CADRAN_TEST_OVERRIDES": "{]}"}, {"scenario": "a"}, "environment: CADRAN_TEST_OVERRIDES = "
         "'{]}': line 1, "
         "column 2: expected the node content, but found ']'"),
        ({}, {"scenario": "a", "listen": "127.0.0.1"}, "--listen = '127.0.0.1': address '127.0.0.1': "
         "must read "
         "host:port, for example 127.0.0.1:50051"),
        ({}, {"scenario": "a", "sead": 1}, "--sead: unknown key 'sead' (did you mean 'seed'?); known: "
         "listen, "
         "seed, learn, overrides, scenario"),
    ],
)  # fmt: skip
def test_a_setting_at_fault_is_named_by_where_it_came_from(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], flags: dict[str, object], message: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load(None, **flags)
    assert str(caught.value) == message


def test_a_file_at_fault_is_named_with_its_key(tmp_path: Path) -> None:
    file = scenario(tmp_path, "scenario: a\nseed: -1\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(caught.value) == f"{file}: seed = -1: must be greater than or equal to 0"

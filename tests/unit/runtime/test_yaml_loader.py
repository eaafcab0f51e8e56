import math

import pytest

from cadran.runtime.yaml_loader import YamlError, load_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("True", True),
        ("false", False),
        ("1:30", "1:30"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-7", -7),
        ("1e-3", 1e-3),
        ("3E8", 3e8),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("-.inf", -math.inf),
        ("~", None),
        ("", None),
        ("null", None),
        ("2026-01-01", "2026-01-01"),
        ("1_000", "1_000"),
        ("'5'", "5"),
        ("[1, a, 2.5]", [1, "a", 2.5]),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("base: &b {x: 1}\nmore: {<<: *b, y: 2}", {"base": {"x": 1}, "more": {"x": 1, "y": 2}}),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = load_yaml(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one() -> None:
    assert math.isnan(load_yaml(".nan"))


@pytest.mark.parametrize("text", ["a: 1\na: 2", "x: {b: 1, b: 1}", "- {c: 1, 'c': 2}"])
def test_a_key_given_twice_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(YamlError, match=r"line \d, column \d+: key '[abc]' is given twice"):
        load_yaml(text)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system [ls]", "!secret x"])
def test_tags_make_nothing(text: str) -> None:
    with pytest.raises(YamlError, match="could not determine a constructor"):
        load_yaml(text)

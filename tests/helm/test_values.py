"""Bad values are refused with a line that names them; good ones are documented."""

import json
from typing import Any

import helm_python
import pytest
import yaml
from rendering import CHART, chart, merged, preset, render
from settings_schema import MODELS, settings_schema
from values_table import documented, leaves, table

SCHEMA = json.loads((CHART / "values.schema.json").read_text())

# Objects whose keys need not all have a default.
PARTIAL = (".settings", ".resources", "probes.startup", "probes.liveness", "probes.readiness")

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"dus": 0}, "/dus", "minimum"),
    ({"dus": 63}, "/dus", "maximum"),
    ({"dus": "six"}, "/dus", "integer"),
    ({"duss": 6}, "", "'duss' not allowed"),
    ({"seed": -1}, "/seed", "minimum"),
    ({"scenario": {"name": "Demo!"}}, "/scenario/name", "pattern"),
    ({"scenario": {"overrides": ["world"]}}, "/scenario/overrides/0", "pattern"),
    ({"scenario": {"overrides": ["world={dus: 8}"]}}, "/scenario/overrides/0", "pattern"),
    ({"stateName": "a/b"}, "/stateName", "pattern"),
    ({"listenAddress": "127.0.0.1"}, "/listenAddress", "must be one of"),
    ({"images": {"pullPolicy": "Sometimes"}}, "/images/pullPolicy", "must be one of"),
    ({"images": {"tag": "a b"}}, "/images/tag", "pattern"),
    ({"security": {"user": 0}}, "/security/user", "minimum"),
    ({"dapp": {"replicas": 3}}, "/dapp", "'replicas' not allowed"),
    ({"xapp": {"settings": {"learner_nise": 3}}}, "/xapp/settings", "'learner_nise' not allowed"),
    ({"xapp": {"settings": {"redis": "redis://other"}}}, "/xapp/settings", "'redis' not allowed"),
    ({"xapp": {"settings": {"learner_nice": 20}}}, "/xapp/settings/learner_nice", "maximum"),
    ({"ransim": {"settings": {"pace": "slow"}}}, "/ransim/settings/pace", "must be one of"),
    ({"xapp": {"persistence": {"size": "lots"}}}, "/xapp/persistence/size", "pattern"),
    ({"dapp": {"resources": {"limits": {"memory": "256MB"}}}}, "/dapp/resources/limits/memory", "pattern"),
    ({"redis": {"url": "http://redis"}}, "/redis/url", "pattern"),
    ({"redis": {"url": "redis://:secret@redis/0"}}, "/redis/url", "pattern"),
    ({"redis": {"cidrs": ["10.0.0.0"]}}, "/redis/cidrs/0", "pattern"),
    ({"networkPolicy": {"dns": []}}, "/networkPolicy/dns", "minItems"),
    ({"networkPolicy": {"apiServer": {"ports": [0]}}}, "/networkPolicy/apiServer/ports/0", "minimum"),
    ({"tls": {"days": 0}}, "/tls/days", "minimum"),
    ({"tls": {"days": 826}}, "/tls/days", "maximum"),
    ({"tls": {"renewal": {"schedule": "daily"}}}, "/tls/renewal/schedule", "pattern"),
    ({"tls": {"existingSecrets": {"rapp": "a"}}}, "/tls/existingSecrets", "'rapp' not allowed"),
    ({"tls": {"existingSecrets": {"xapp": "A b"}}}, "/tls/existingSecrets/xapp", "pattern"),
    (
        {"tls": {"certManager": {"issuerRef": {"kind": "Vault"}}}},
        "/tls/certManager/issuerRef/kind",
        "must be one of",
    ),
    ({"metrics": {"serviceMonitor": {"interval": "5"}}}, "/metrics/serviceMonitor/interval", "pattern"),
]


@pytest.mark.parametrize(("values", "where", "why"), REFUSED)
def test_the_schema_refuses_and_says_where_and_why(values: dict, where: str, why: str) -> None:
    with pytest.raises(helm_python.HelmValuesError) as refused:
        render(values)
    text = str(refused.value)
    assert f"at '{where}'" in text
    assert why in text


TOGETHER: list[tuple[dict[str, Any], str]] = [
    ({"scenario": {"name": "demmo"}}, "scenario.name: no scenario 'demmo' in the chart; known: 3gpp, demo"),
    ({"scenario": {"content": "- a\n- b\n"}}, "scenario.content: not a YAML mapping"),
    ({"scenario": {"overrides": ["world.dus=8"]}}, "the number of DUs follows from dus"),
    ({"redis": {"embedded": False}}, "redis.url: is required with redis.embedded=false"),
    ({"redis": {"url": "redis://other/0"}}, "redis.url: only with redis.embedded=false"),
    (
        {"tls": {"existingSecrets": {"xapp": "mine"}}},
        "tls.existingSecrets.dapp: is required where another is",
    ),
    (
        {
            "tls": {
                "certManager": {"enabled": True},
                "existingSecrets": {"dapp": "a", "ransim": "b", "xapp": "c"},
            }
        },
        "tls.certManager.enabled: not with tls.existingSecrets",
    ),
    ({"metrics": {"serviceMonitor": {"enabled": True}}}, "networkPolicy.metricsFrom: is required"),
]


@pytest.mark.parametrize(("values", "text"), TOGETHER)
def test_values_that_do_not_go_together_are_refused(values: dict, text: str) -> None:
    with pytest.raises(helm_python.HelmRenderError) as refused:
        render(values)
    assert text in str(refused.value)


@pytest.mark.parametrize("name", ["default", "demo", "dev", "prod"])
def test_presets_are_accepted(name: str) -> None:
    chart().validate_schema(merged(chart().values, preset(name)))


@pytest.mark.parametrize("service", MODELS)
def test_settings_are_those_of_the_service(service: str) -> None:
    """A setting that a service gains, loses or bounds otherwise changes here, in values.schema.json."""
    assert SCHEMA["properties"][service]["properties"]["settings"] == settings_schema(service)


def test_no_object_of_ours_takes_unknown_keys() -> None:
    free = {"affinity", "global", "strings", "items"}  # Kubernetes' own types, labels and annotations

    def check(name: str, schema: dict[str, Any]) -> None:
        if schema.get("type") == "object" and name not in free:
            assert schema.get("additionalProperties") is False, name
        for key, inner in {**schema.get("properties", {}), **schema.get("definitions", {})}.items():
            check(key, inner)

    check("values", SCHEMA)


def test_values_and_schema_have_the_same_keys() -> None:
    def check(path: str, values: dict[str, Any], schema: dict[str, Any]) -> None:
        if "$ref" in schema:
            schema = SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
        if "properties" not in schema or path.endswith(PARTIAL):
            return
        assert set(values) == set(schema["properties"]) - {"global"}, path
        for key, value in values.items():
            if isinstance(value, dict):
                check(f"{path}.{key}" if path else key, value, schema["properties"][key])

    check("", yaml.safe_load((CHART / "values.yaml").read_text()), SCHEMA)


def test_every_value_has_a_comment() -> None:
    text = (CHART / "values.yaml").read_text()
    told = [row.path for row in documented(text)]
    bare = [
        leaf for leaf in leaves(text) if not any(leaf == path or leaf.startswith(f"{path}.") for path in told)
    ]
    assert bare == []


def test_the_readme_has_a_row_of_every_value() -> None:
    """Write them anew with `python tests/helm/values_table.py`."""
    readme = (CHART / "README.md").read_text()
    assert table((CHART / "values.yaml").read_text()) in readme


def test_presets_change_only_what_there_is() -> None:
    there = set(leaves((CHART / "values.yaml").read_text()))
    for name in ("demo", "dev", "prod"):
        given = leaves((CHART / f"values-{name}.yaml").read_text())
        own = [leaf for leaf in given if ".settings." not in leaf]
        assert [leaf for leaf in own if leaf not in there] == []

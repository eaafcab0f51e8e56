"""What a service's `settings` in the chart may hold: its settings, less those that the chart decides."""

from typing import Any

from pydantic import BaseModel

from cadran.dapp.settings import DappSettings
from cadran.ransim.settings import RansimSettings
from cadran.rapp.settings import RappSettings
from cadran.xapp.settings import XappSettings

MODELS: dict[str, type[BaseModel]] = {
    "dapp": DappSettings,
    "ransim": RansimSettings,
    "xapp": XappSettings,
    "rapp": RappSettings,
}

# Set by the templates, or without meaning in a pod: files that nobody mounts, and an end of the run.
OWNED = {
    *("scenario", "overrides", "seed", "du"),
    *("http", "rest", "e2_listen", "e2_connect", "e3_listen", "e3_connect", "xapp"),
    *("redis", "redis_region", "redis_password_file", "state_dir"),
    *("rest_tokens", "rest_tls", "redis_ca", "tls_ca", "tls_cert", "tls_key"),
    *("policy", "trace", "load", "status_dir", "frames", "duration_s"),
}
KEYWORDS = ("type", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def settings_schema(service: str) -> dict[str, Any]:
    """The JSON schema of a service's `settings`."""
    fields = MODELS[service].model_json_schema()["properties"]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _of(field) for name, field in fields.items() if name not in OWNED},
    }


def _of(field: dict[str, Any]) -> dict[str, Any]:
    found = {keyword: field[keyword] for keyword in KEYWORDS if keyword in field}
    items = field.get("prefixItems")
    if items:
        return found | {"items": _of(items[0]), "minItems": len(items), "maxItems": len(items)}
    return found | ({"items": _of(field["items"])} if "items" in field else {})

"""The policy types that this near-RT RIC knows: JSON Schemas of policy and status, as data files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.protocols import Validator

SLICE_SLA = "ORAN_SliceSLATarget_1.0.0"
QOS = "ORAN_QoSTarget_1.0.0"
TYPE_IDS = (QOS, SLICE_SLA)
_MOST_TEXT = 300

JsonObject = Mapping[str, Any]


class InvalidPolicyError(ValueError):
    """A policy that does not fit its type; the text says where and what is allowed."""


@dataclass(frozen=True)
class PolicyType:
    """One policy type (A1AP PolicyTypeObject).

    Attributes:
        id: ``<name>_<version>``.
        policy_schema: Of a policy, JSON Schema draft 7.
        status_schema: Of a status.
        validator: Of the policy schema.
    """

    id: str
    policy_schema: JsonObject
    status_schema: JsonObject
    validator: Validator

    def check(self, policy: JsonObject) -> None:
        """Hold a policy to the schema.

        Raises:
            InvalidPolicyError: It does not fit.
        """
        found = best_match(self.validator.iter_errors(policy))
        if found is not None:
            raise InvalidPolicyError(_explained(found))


def _explained(error: ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "the policy"
    return f"{where}: {error.message[:_MOST_TEXT]}"


def policy_types() -> dict[str, PolicyType]:
    """All types by id."""
    return {type_id: _read(type_id) for type_id in TYPE_IDS}


def _read(type_id: str) -> PolicyType:
    text = files(__package__).joinpath("types", f"{type_id}.json").read_text(encoding="utf-8")
    schemas = json.loads(text)
    policy_schema, status_schema = schemas["policySchema"], schemas["statusSchema"]
    Draft7Validator.check_schema(policy_schema)
    Draft7Validator.check_schema(status_schema)
    return PolicyType(type_id, policy_schema, status_schema, Draft7Validator(policy_schema))

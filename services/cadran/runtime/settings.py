"""Settings and scenario files: read, override, validate, and say in one line what is wrong.

Scenario files are YAML with a fixed set of sections; each section belongs to one room, whose pydantic model
checks it. Services' own settings come from flags, environment, a file and defaults, in this order of
precedence.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cadran.runtime.yaml_loader import YamlError, load_yaml

SECTIONS = (
    *("name", "description", "world", "problem", "hierarchy", "meta", "ddpg", "tasks", "disturbance"),
    *("learner", "clock", "link", "impairments"),
)
_TEXT_SECTIONS = ("name", "description")

M = TypeVar("M", bound=BaseModel)


class ConfigError(ValueError):
    """Unusable configuration: one line with file, field, value and what is allowed. Exit status 2."""

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.splitlines()))


@dataclass(frozen=True)
class Document:
    """A scenario as it was read, overrides applied, sections not yet validated.

    Attributes:
        path: the file, for messages.
        data: section name to its raw content.
        overridden: dotted names that a `--set` changed, so that a message names the flag and not the file.
    """

    path: Path
    data: dict[str, Any]
    overridden: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """The scenario's name; the file's own name where it gives none."""
        return str(self.data.get("name", self.path.stem))

    @property
    def sha256(self) -> str:
        """Of the content, overrides applied, in hex: the same wherever the scenario is the same."""
        text = json.dumps(self.data, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def read_document(path: Path, overrides: Sequence[str] = ()) -> Document:
    """Read a scenario file, check its sections' names and apply overrides.

    Args:
        path: YAML file.
        overrides: texts `section.key=value` (deeper keys as well); the value is parsed as YAML.

    Raises:
        ConfigError: no such file, not YAML, unknown section, or an override that cannot be placed.
    """
    data = _read_mapping(path)
    for key in data:
        if key not in SECTIONS:
            raise ConfigError(f"{path}: {_unknown(str(key), SECTIONS)}")
    for key in _TEXT_SECTIONS:
        if not isinstance(data.get(key, ""), str):
            raise ConfigError(f"{path}: {key} = {data[key]!r}: must be a text")
    return overridden(Document(path, data), overrides)


def overridden(document: Document, overrides: Sequence[str]) -> Document:
    """A document with overrides applied; the one given stays as it is.

    Args:
        document: sections not yet validated.
        overrides: texts `section.key=value` (deeper keys as well); the value is parsed as YAML.

    Raises:
        ConfigError: an override that cannot be placed.
    """
    data = deepcopy(document.data)
    for override in overrides:
        _apply(data, override)
    return Document(document.path, data, document.overridden | overridden_names(overrides))


def overridden_names(overrides: Sequence[str]) -> frozenset[str]:
    """Dotted names that these overrides, ``section.key=value``, change."""
    return frozenset(text.partition("=")[0].strip() for text in overrides)


def section(document: Document, name: str, model: type[M]) -> M:
    """Validate one section of a scenario against its room's model.

    A section that the file leaves out has the model's defaults.

    Args:
        document: from `read_document`.
        name: the section's name.
        model: the model that describes it.

    Raises:
        ConfigError: the first fault of the section, in one line.
    """
    content = document.data.get(name)
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigError(f"{document.path}: {name} = {content!r}: must be a mapping of keys to values")
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError(_explain(error, model, _SectionNames(document, name))) from error


def optional_section(document: Document, name: str, model: type[M]) -> M | None:
    """A section that means something by being there, if only empty; None where it is left out.

    Args:
        document: from `read_document`.
        name: the section's name.
        model: the model that describes it.

    Raises:
        ConfigError: the first fault of the section, in one line.
    """
    return section(document, name, model) if name in document.data else None


def load_settings(model: type[M], file: Path | None, env_prefix: str, flags: Mapping[str, object]) -> M:
    """Settings of a service: flags before environment before file before defaults.

    Args:
        model: the settings' model, flat; a field's environment variable is the prefix and its name in
            capitals.
        file: YAML file of field names to values, or None.
        env_prefix: for example `CADRAN_XAPP_`; variables with the prefix that name no field are left alone,
            since Kubernetes adds some of its own (`CADRAN_XAPP_SERVICE_HOST`).
        flags: field name to value; None means that the flag was not given.

    Raises:
        ConfigError: in one line, naming the flag, the variable or the file's key that is at fault.
    """
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    if file is not None:
        for key, value in _read_mapping(file).items():
            values[str(key)], names[str(key)] = value, f"{file}: {key}"
    for key in model.model_fields:
        variable = env_prefix + key.upper()
        if variable in os.environ:
            values[key], names[key] = _environment_value(variable), f"environment: {variable}"
    for key, flag in flags.items():
        if flag is not None:
            values[key], names[key] = flag, f"--{key.replace('_', '-')}"
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, model, _SettingNames(names, file, env_prefix))) from error


# ------------------------------------------------------------------------------------------ reading


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        content = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except YamlError as error:
        raise ConfigError(f"{path}: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping of keys to values, not {type(content).__name__}")
    return content


def _environment_value(variable: str) -> object:
    """Lists and mappings are written in YAML's flow style; everything else is the text itself."""
    text = os.environ[variable]
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}")):
        return text
    try:
        value: object = load_yaml(text)
    except YamlError as error:
        raise ConfigError(f"environment: {variable} = {text!r}: {error}") from error
    return value


def _apply(data: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    keys = name.strip().split(".")
    if not equals or not all(keys):
        raise ConfigError(f"--set {override}: must read section.key=value, for example world.dus=2")
    if keys[0] not in SECTIONS:
        raise ConfigError(f"--set {override}: {_unknown(keys[0], SECTIONS)}")
    if (len(keys) == 1) != (keys[0] in _TEXT_SECTIONS):
        raise ConfigError(f"--set {override}: must read section.key=value, for example world.dus=2")
    try:
        value = load_yaml(text)
    except YamlError as error:
        raise ConfigError(f"--set {override}: {error}") from error
    place = data
    for depth, key in enumerate(keys[:-1]):
        # The parsed file is this call's own, but a YAML alias may stand in two places: change a copy.
        inner = deepcopy(place.get(key)) if place.get(key) is not None else {}
        if not isinstance(inner, dict):
            raise ConfigError(f"--set {override}: {'.'.join(keys[: depth + 1])} is a value, not a mapping")
        place[key] = inner
        place = inner
    place[keys[-1]] = str(value) if keys[0] in _TEXT_SECTIONS else value


# ------------------------------------------------------------------------------------------ messages


@dataclass(frozen=True)
class _SectionNames:
    document: Document
    section: str

    def of(self, dotted: str) -> str:
        name = f"{self.section}.{dotted}" if dotted else self.section
        inside = f"{name}."
        for override in self.document.overridden:
            if name == override or override.startswith(inside) or name.startswith(f"{override}."):
                return f"--set {name}"
        return f"{self.document.path}: {name}"


@dataclass(frozen=True)
class _SettingNames:
    names: Mapping[str, str]
    file: Path | None
    env_prefix: str

    def of(self, dotted: str) -> str:
        if not dotted:
            return "settings"
        top, _, rest = dotted.partition(".")
        if top in self.names:
            return self.names[top] + (f".{rest}" if rest else "")
        variable = self.env_prefix + top.upper()
        return f"--{top.replace('_', '-')} (or {variable})"


def _explain(error: ValidationError, model: type[BaseModel], names: _SectionNames | _SettingNames) -> str:
    faults = error.errors(include_url=False)
    first = faults[0]
    path = [part for part in first["loc"] if not _is_tag(part)]
    where = names.of(".".join(str(part) for part in path))
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{where}{_fault(first, model, path)}{more}"


def _is_tag(part: int | str) -> bool:
    """Pydantic puts a union's branch into the path, as a type's name with brackets: no key of the file."""
    return isinstance(part, str) and ("[" in part or "(" in part)


def _fault(fault: ErrorDetails, model: type[BaseModel], path: Sequence[int | str]) -> str:
    if fault["type"] == "extra_forbidden":
        known = _known_keys(model, path[:-1])
        return f": {_unknown(str(path[-1]), known)}"
    if fault["type"] == "missing":
        return ": is required and has no default"
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text = " ".join(text.replace("Input should be", "must be").split())
    value = fault["input"]
    if fault["type"] in ("value_error", "assertion_error") and isinstance(value, (dict, BaseModel)):
        return f": {text}"
    return f" = {_short(value)}: {text}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"unknown key '{key}'{hint}; known: {', '.join(known) or 'none'}"


def _known_keys(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Keys of the model that `path` leads to; of a union, those of all its models."""
    models = [model]
    for part in path:
        annotations = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        if isinstance(part, int):
            continue
        models = [inner for annotation in annotations for inner in _models_in(annotation)] or models
    return list(dict.fromkeys(key for m in models for key in m.model_fields))


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]

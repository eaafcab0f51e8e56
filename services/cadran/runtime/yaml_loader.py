"""YAML as people expect it: version 1.2 scalars, and a key given twice is an error.

PyYAML follows YAML 1.1, where `off` is false, `1:30` is ninety, `010` is eight and `1e-3` is a string.
Scenario files use the core schema of YAML 1.2 instead (yaml.org/spec/1.2.2, section 10.3.2).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml


class YamlError(ValueError):
    """The text is not YAML; the message is one line with the place in the text."""


class _Loader(yaml.SafeLoader):
    """Safe loader with the scalars of YAML 1.2 and unique keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' is given twice", key_node.start_mark
                )
            seen.add(key if isinstance(key, str) else key_node)
        return super().construct_mapping(node, deep)

    def construct_int(self, node: yaml.ScalarNode) -> int:
        text = str(self.construct_scalar(node))
        if text.startswith(("0o", "0x")):
            return int(text, 0)
        return int(text)


_INTEGER = re.compile(r"[-+]?[0-9]+$|0o[0-7]+$|0x[0-9a-fA-F]+$")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
)
_MERGE = re.compile(r"<<$")
# The first pattern that matches wins, so integers come before floats.
_SCALARS = (
    ("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789")),
    ("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789")),
    ("tag:yaml.org,2002:merge", _MERGE, ["<"]),
)


def _use_core_schema(loader: type[_Loader]) -> None:
    loader.yaml_implicit_resolvers = {}
    for tag, pattern, first_letters in _SCALARS:
        loader.add_implicit_resolver(tag, pattern, first_letters)
    loader.add_constructor("tag:yaml.org,2002:int", loader.construct_int)


_use_core_schema(_Loader)


def load_yaml(text: str) -> Any:
    """Parse one YAML document.

    Args:
        text: the document; empty text gives None.

    Returns:
        None, bool, int, float, str, or lists and dicts of them.

    Raises:
        YamlError: not YAML, or a key twice in one mapping; one line with line and column (counted from 1).
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlError(f"{place}{error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from error

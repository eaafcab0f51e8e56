"""The values of the chart as a table: from their comments in values.yaml into the README.

python tests/helm/values_table.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

CHART = Path(__file__).parents[2] / "helm" / "cadran"
BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
_MARK = "# -- "


@dataclass(frozen=True)
class Row:
    """A value that a comment `# --` explains.

    Attributes:
        path: dotted.
        default: as JSON.
        text: the comment on one line.
    """

    path: str
    default: str
    text: str


def documented(text: str) -> list[Row]:
    """The values of a file that have a comment, in its order."""
    lines, rows = text.splitlines(), []
    last = -1
    for path, key, value in _nodes("", yaml.compose(text)):
        line, before = key.start_mark.line, last
        last = line
        comment = _comment(lines, line)
        if comment and line != before:  # a mapping within a line is one value
            rows.append(Row(path, json.dumps(yaml.safe_load(yaml.serialize(value))), comment))
    return rows


def leaves(text: str) -> list[str]:
    """Dotted paths of all values that hold no others."""
    return [
        path
        for path, _, value in _nodes("", yaml.compose(text))
        if not isinstance(value, yaml.MappingNode) or not value.value
    ]


def table(text: str) -> str:
    """The rows in Markdown."""
    rows = [f"| `{row.path}` | `{row.default}` | {row.text} |" for row in documented(text)]
    return "\n".join(["| value | default | what it does |", "|---|---|---|", *rows])


def _nodes(path: str, node: yaml.Node) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else key.value
            yield inner, key, value
            yield from _nodes(inner, value)


def _comment(lines: list[str], line: int) -> str:
    above: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        above.insert(0, lines[line].strip())
        if above[0].startswith(_MARK):
            return " ".join([above[0].removeprefix(_MARK), *(part.removeprefix("# ") for part in above[1:])])
    return ""


def main() -> None:
    """Write the table into the README, between its marks."""
    readme = CHART / "README.md"
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = table((CHART / "values.yaml").read_text())
    readme.write_text(f"{before}{BEGIN}\n{rows}\n{END}{after}")


if __name__ == "__main__":
    main()

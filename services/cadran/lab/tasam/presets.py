"""The readings of the paper: a scenario file each, with every assumed value and repair marked in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cadran.runtime import ConfigError


@dataclass(frozen=True)
class Preset:
    """A reading of arXiv 2511.15002.

    Attributes:
        name: As commands and tables call it.
        file: Its scenario.
        line: What it is, in one line.
    """

    name: str
    file: str
    line: str

    def path(self, folder: Path = Path("scenarios")) -> Path:
        """Its scenario's file in a folder of scenarios.

        Raises:
            ConfigError: It is not there.
        """
        path = folder / self.file
        if not path.is_file():
            raise ConfigError(f"{path}: no such file; run the command where the folder {folder} is")
        return path


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("literal", "tasam-literal.yaml", "the paper's words, also where they work against learning"),
        Preset(
            "table1", "tasam-table1.yaml", "the paper's sizes and 200 bits, with its reward made computable"
        ),
        Preset("repaired", "tasam-repaired.yaml", "the paper's network and reward in a form that learns"),
    )
}
"""All presets by name."""


def preset(name: str) -> Preset:
    """The preset of this name.

    Raises:
        ConfigError: There is none.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset: there is no {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]

"""Prints what pyproject.toml asks for: `python requirements.py [EXTRA...]`.

An image's layer of dependencies is made of it, so that the layer outlives changes of the sources.
"""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
wanted = list(project["dependencies"])
for extra in sys.argv[1:]:
    wanted += project["optional-dependencies"][extra]
sys.stdout.write("\n".join(wanted) + "\n")

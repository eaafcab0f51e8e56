"""The console: what the xApp knows as a page for people, at ``/``, fed by one JSON endpoint."""

from cadran.xapp.console.history import History
from cadran.xapp.console.pages import add_console
from cadran.xapp.console.parts import ConsoleParts
from cadran.xapp.console.past import read_past
from cadran.xapp.console.quality import Judge
from cadran.xapp.console.registry import RegistryWatch
from cadran.xapp.console.tap import Tap
from cadran.xapp.console.targets import qualities, targets_of, targets_of_each

__all__ = [
    "ConsoleParts",
    "History",
    "Judge",
    "RegistryWatch",
    "Tap",
    "add_console",
    "qualities",
    "read_past",
    "targets_of",
    "targets_of_each",
]

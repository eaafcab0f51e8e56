"""The `cadran` command: parses, calls, prints. What it calls is imported when it is called."""

from cadran.cli.command import main

__all__ = ["main"]

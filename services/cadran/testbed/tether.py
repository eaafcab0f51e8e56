"""Runs a command that dies with the process that started it.

Used as a script, so that it starts in a few milliseconds: ``python -I -S tether.py PARENT COMMAND...``. The
process asks the kernel for SIGKILL at its parent's death (Linux ``prctl(2)``, PR_SET_PDEATHSIG, which
outlives ``execve``) and becomes the command; where the kernel has no such call, it becomes the command alone.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Becomes the command ``arguments[1:]``, tied to the life of the process with the id ``arguments[0]``."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the call above; the kernel then sends nothing.
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])

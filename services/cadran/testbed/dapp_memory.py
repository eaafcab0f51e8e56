"""Memory of a process that holds what a dApp holds: its modules and one policy.

Run as a module with the path of an artefact, it is that process.
"""

import resource
import subprocess
import sys
from pathlib import Path


def dapp_rss_mb(artefact: Path) -> float:
    """Resident memory in MB of a fresh process with the dApp's modules and the policy in ``artefact``."""
    command = [sys.executable, "-m", "cadran.testbed.dapp_memory", str(artefact)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _main(artefact: Path) -> None:
    # Imported here, so that whoever measures does not import them.
    import numpy as np

    from cadran.dapp import __main__ as dapp
    from cadran.policy import load

    dapp.parser()
    _, actor = load(artefact)
    actor.mean(np.zeros(actor.observation_dim, dtype=np.float32))
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    sys.stdout.write(f"{pages * resource.getpagesize() / 1e6}\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))

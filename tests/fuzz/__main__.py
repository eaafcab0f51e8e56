"""Coverage-guided fuzzing of every target: `python -m fuzz --seconds 600` with tests/ on the path.

protobuf's Python implementation is used and instrumented: of the one in C the fuzzer would see nothing. Each
target runs in a process of its own, forked after the imports. A finding is told once per place, its input
kept, and the target goes on; the exit status is 1 if there was any.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import pkgutil
import re
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"

import atheris
import structlog

import cadran.radio

# Compiled by numba, which cannot read instrumented code: imported before, so not followed.
for module in pkgutil.walk_packages(cadran.radio.__path__, "cadran.radio."):
    importlib.import_module(module.name)

with atheris.instrument_imports(include=["cadran", "google"]):
    from .all_targets import all_targets
    from .target import Target

LONGEST = 1 << 14
_RUN = 7
_PROGRESS = re.compile(r"^#(\d+)\s+(\w+)\s+cov: (\d+) ft: (\d+) corp: (\d+)", re.MULTILINE)
_DONE = re.compile(r"Done (\d+) runs in (\d+) second")


def _place(error: BaseException) -> str:
    """Where a finding is, so that it is told once."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if "/cadran/" in one.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "the target"
    return f"{type(error).__name__} at {where}"


def _watched(run: Callable[[bytes], None], keep: Path) -> Callable[[bytes], None]:
    """Keeps the first input of each place that fails, and goes on."""
    told: set[str] = set()

    def one(data: bytes) -> None:
        try:
            run(data)
        except Exception as error:
            place = _place(error)
            if place not in told:
                told.add(place)
                path = keep / re.sub(r"\W+", "-", place)
                path.write_bytes(data)
                path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))

    return one


def _try_again(keep: Path, corpus: Path) -> None:
    """Begins with the inputs of earlier findings: what has been mended since is none any more."""
    for told in keep.glob("*.txt"):
        data = told.with_suffix("")
        data.replace(corpus / data.name)
        told.unlink()


def _fuzz(target: Target, seconds: int, folder: Path, seed: int) -> None:
    """One target in this process, which ends with it."""
    corpus, keep = folder / "corpus" / target.name, folder / "findings" / target.name
    for one in (corpus, keep):
        one.mkdir(parents=True, exist_ok=True)
    _try_again(keep, corpus)
    for number, data in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    with (folder / f"{target.name}.log").open("wb") as log:
        os.dup2(log.fileno(), 2)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-seed={seed}", "-timeout=60"]
    atheris.Setup(["fuzz", *options, f"-artifact_prefix={keep}/", str(corpus)], _watched(target.run, keep))
    atheris.Fuzz()


def _forked(target: Target, seconds: int, folder: Path, seed: int) -> int:
    """Exit status of a process that fuzzes one target."""
    child = os.fork()
    if child == 0:
        status = _RUN
        try:
            with contextlib.suppress(SystemExit):
                _fuzz(target, seconds, folder, seed)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _told(target: Target, folder: Path, status: int) -> tuple[dict[str, Any], list[str]]:
    """Figures of a run, and its findings."""
    text = (folder / f"{target.name}.log").read_text(errors="replace")
    steps = _PROGRESS.findall(text)
    first = next((step for step in steps if step[1] == "INITED"), ("0", "", "0", "0", "0"))
    last, done = (steps or [first])[-1], _DONE.search(text)
    figures = {
        "runs": int(done.group(1)) if done else int(last[0]),
        "branches": (int(first[2]), int(last[2])),
        "features": (int(first[3]), int(last[3])),
    }
    findings = sorted(path.stem for path in (folder / "findings" / target.name).glob("*.txt"))
    if status:
        findings.append(f"the process ended with {status}: {text.strip().splitlines()[-1:]}")
    return figures, findings


def _drop(*_: object) -> Any:
    raise structlog.DropEvent


def main() -> int:
    """Fuzz, tell, and say by the exit status whether anything was found."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of all targets together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="corpus, logs and findings")
    parser.add_argument("targets", nargs="*", help="by name; none: all")
    asked = parser.parse_args()
    structlog.configure(processors=[_drop])
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="fuzz") as state:
        known = all_targets(Path(state))
        unknown = set(asked.targets) - known.keys()
        if unknown:
            parser.error(f"no target {', '.join(sorted(unknown))}: there are {', '.join(known)}")
        chosen = [known[name] for name in asked.targets or known]
        weights = [4 if name.name.startswith(("e2-", "e3-")) else 1 for name in chosen]
        shares = [max(1, asked.seconds * weight // sum(weights)) for weight in weights]
        found = 0
        for target, share in zip(chosen, shares, strict=True):
            status = _forked(target, share, asked.out, asked.seed)
            figures, findings = _told(target, asked.out, status)
            found += len(findings)
            (from_, to), (low, high) = figures["branches"], figures["features"]
            sys.stdout.write(
                f"{target.name}: {figures['runs']} runs in {share} s, branches {from_} -> {to}, "
                f"features {low} -> {high}, findings {len(findings)}\n"
            )
            for finding in findings:
                sys.stdout.write(f"  {finding}\n")
            sys.stdout.flush()
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Stands in for a service: `ransim` serves frames and writes its files, the others wait to be stopped."""

import json
import signal
import sys
import time
from pathlib import Path


def ransim(status_dir: Path, frames: int | None, duration_s: float) -> None:
    import fake_run

    started, frame, epoch = time.monotonic(), 0, time.time_ns()
    while (frames is None or frame < frames) and time.monotonic() - started < duration_s:
        frame += 100
        write(status_dir / "status.json", fake_run.status(frame, epoch=epoch))
        time.sleep(0.02)
    fake_run.write_episodes(status_dir / "episodes.csv", episodes=frame // 100, dus=2)


def write(path: Path, value: object) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value))
    partial.replace(path)


def main() -> None:
    name, flags = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"{name} {flags}\n")
    sys.stdout.flush()
    if name == "ransim":
        frames = flags.get("--frames")
        ransim(
            Path(flags["--status-dir"]), int(frames) if frames else None, float(flags.get("--duration", 60))
        )
        return
    if name == "xapp":
        import fake_run

        state = Path(flags["--state-dir"])
        fake_run.write_learner(state / "learner.jsonl", count=20, dus=2)
        write(state / "status.json", fake_run.xapp_status([300, 300]))
    time.sleep(60)


if __name__ == "__main__":
    main()

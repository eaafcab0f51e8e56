"""The run folder: made once, taken up by copying."""

from pathlib import Path

import fake_run
import pytest

from cadran.runtime import ConfigError
from cadran.testbed.folder import RunFolder, check_resumable, create, take_up


def earlier_run(root: Path) -> RunFolder:
    folder = RunFolder(root)
    files = {
        folder.run_record: '{"redis": {"url": "redis://127.0.0.1:1/0", "region": "r"}}',
        folder.redis / "appendonly.aof": "rows",
        folder.xapp / "checkpoints" / "1.pt": "networks",
        folder.xapp / "policies" / "du0.safetensors": "policy",
        folder.xapp_status: "{}",
        folder.learner: "{}\n",
        folder.episodes: "episodes",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_resuming_copies_experience_and_state_but_not_the_earlier_runs_series(tmp_path: Path) -> None:
    earlier, folder = earlier_run(tmp_path / "earlier"), create(tmp_path / "new")
    before = contents(earlier.root)
    take_up(earlier.root, folder)
    assert contents(folder.root) == {
        "redis/appendonly.aof": "rows",
        "xapp/checkpoints/1.pt": "networks",
        "xapp/policies/du0.safetensors": "policy",
    }
    (folder.redis / "appendonly.aof").write_text("more rows")
    assert contents(earlier.root) == before


def test_an_earlier_run_with_a_redis_outside_is_taken_up_too(tmp_path: Path) -> None:
    earlier, folder = earlier_run(tmp_path / "earlier"), create(tmp_path / "new")
    (earlier.redis / "appendonly.aof").unlink()
    earlier.redis.rmdir()
    take_up(earlier.root, folder)
    assert (folder.xapp / "checkpoints" / "1.pt").exists()


@pytest.mark.parametrize("missing", ["run.json", "xapp"])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, missing: str) -> None:
    (tmp_path / "xapp").mkdir()
    fake_run.write_json(tmp_path / "run.json", {})
    check_resumable(tmp_path)
    (tmp_path / missing).rename(tmp_path / "other")
    with pytest.raises(ConfigError, match=f"is not a run folder \\(it has no {missing}\\)"):
        check_resumable(tmp_path)


def test_a_folder_in_use_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="allowed is a new or empty one"):
        create(tmp_path)
    with pytest.raises(ConfigError, match="allowed is a new or empty one"):
        create(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="cannot be made: Not a directory"):
        create(tmp_path / "notes.txt" / "run")


def test_the_default_folder_is_named_after_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = create(None)
    assert folder.root.parent == tmp_path / "runs"
    assert folder.root.is_absolute()
    assert folder.logs.is_dir()

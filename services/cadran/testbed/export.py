"""The experience of a run as a file, after the run or during it."""

from pathlib import Path

from cadran.replay import export
from cadran.replay.redis_store import RedisReplay, connect
from cadran.testbed.folder import RunFolder, kept_experience
from cadran.testbed.redis_child import OPEN, serves_folder, serving_redis
from cadran.testbed.secured import RedisAccess, redis_access_of

TIMEOUT_S = 5.0


def export_run(run: Path, out: Path) -> list[int]:
    """Writes what a run has stored to an ``.npz`` file.

    A Redis of the run's own ended with it: it is started again on the run folder for the export, unless the
    run still goes on. Two servers must never write to one folder, and a port of old may be another run's now,
    so the Redis at the recorded address is used only if it says that it keeps its data in this folder.

    Args:
        run: the run folder.
        out: the file to write.

    Returns:
        Rows written per DU.

    Raises:
        ConfigError: ``run`` is not a run folder.
        ReplayError: nothing is stored there.
        ReplayUnavailable: Redis does not answer.
        OSError: no Redis can be started, or the file cannot be written.
    """
    kept, folder = kept_experience(run), RunFolder(run.absolute())
    data, access = folder.redis, redis_access_of(folder.tls, kept.url)
    if not kept.own:
        return export_region(kept.url, kept.region, out)
    if serves_folder(kept.url, data, access):
        return export_region(kept.url, kept.region, out, access)
    with serving_redis(data) as url:
        return export_region(url, kept.region, out)


def export_region(url: str, region: str, out: Path, access: RedisAccess = OPEN) -> list[int]:
    """Writes what the Redis at ``url`` keeps under ``region`` to an ``.npz`` file.

    Returns:
        Rows written per DU.

    Raises:
        ReplayError: nothing is stored there.
        ReplayUnavailable: Redis does not answer.
        OSError: the file cannot be written.
    """
    with connect(url, TIMEOUT_S, access.password, access.tls) as client:
        return export(RedisReplay.read(client, region), out)

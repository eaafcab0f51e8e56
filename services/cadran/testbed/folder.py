"""The run folder: where everything about one run lies, and how a later run takes it up."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from cadran.runtime.settings import ConfigError

RUNS = Path("runs")
# The learner's progress belongs to the run that made it; a run that resumes writes its own.
NOT_RESUMED = shutil.ignore_patterns("status.json", "learner.jsonl", "adaptation.jsonl")


@dataclass(frozen=True)
class RunFolder:
    """Paths inside one run folder; ``root`` is absolute."""

    root: Path

    @property
    def scenario(self) -> Path:
        """The resolved configuration, every section in full; what the services were started with."""
        return self.root / "scenario.yaml"

    @property
    def run_record(self) -> Path:
        """How the run was started (JSON): command, settings, versions, machine."""
        return self.root / "run.json"

    @property
    def logs(self) -> Path:
        """One log file for each process, and ``testbed.log`` for the supervisor."""
        return self.root / "logs"

    @property
    def redis(self) -> Path:
        """Redis' data directory."""
        return self.root / "redis"

    @property
    def tls(self) -> Path:
        """Certificates, tokens and passwords of a secured run; absent where it is an open one."""
        return self.root / "tls"

    @property
    def xapp(self) -> Path:
        """The xApp's state directory: checkpoints, policies, progress of the learner."""
        return self.root / "xapp"

    @property
    def rapp(self) -> Path:
        """The rApp's state directory: registry, experience, checkpoints; empty without a hierarchy."""
        return self.root / "rapp"

    @property
    def rapp_status(self) -> Path:
        """The rApp's status file."""
        return self.rapp / "status.json"

    @property
    def ransim_status(self) -> Path:
        """The RAN's status file."""
        return self.root / "ransim" / "status.json"

    @property
    def episodes(self) -> Path:
        """One CSV row per episode and DU."""
        return self.root / "ransim" / "episodes.csv"

    @property
    def xapp_status(self) -> Path:
        """The xApp's status file."""
        return self.xapp / "status.json"

    @property
    def learner(self) -> Path:
        """The learner's progress, one JSON object per line."""
        return self.xapp / "learner.jsonl"

    @property
    def adaptation(self) -> Path:
        """What adapting brought, one JSON object per shot; absent without a hierarchy."""
        return self.xapp / "adaptation.jsonl"

    @property
    def metrics(self) -> Path:
        """The run's time series, one CSV row per second and DU."""
        return self.root / "metrics.csv"

    @property
    def plots(self) -> Path:
        """Folder of the figures (PNG)."""
        return self.root / "plots"

    @property
    def evaluation(self) -> Path:
        """Result of the evaluation on held-out episodes (JSON), where one was made."""
        return self.root / "evaluation.json"

    @property
    def report(self) -> Path:
        """The report: one self-contained HTML file."""
        return self.root / "report.html"

    @property
    def summary(self) -> Path:
        """The run's summary (JSON), the object that ``cadran up --json`` prints."""
        return self.root / "summary.json"


def create(out: Path | None) -> RunFolder:
    """Makes a new run folder.

    Args:
        out: where; None takes ``runs/<local time>`` under the working directory.

    Raises:
        ConfigError: the folder holds something already, or cannot be made.
    """
    root = (out or RUNS / time.strftime("%Y-%m-%d_%H-%M-%S")).absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigError(f"out: {root} exists and is not an empty folder; allowed is a new or empty one")
    folder = RunFolder(root)
    try:
        ransim = folder.ransim_status.parent
        for path in (folder.logs, folder.redis, folder.xapp, folder.rapp, ransim, folder.plots):
            path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"out: {root} cannot be made: {error.strerror}") from error
    return folder


@dataclass(frozen=True)
class KeptExperience:
    """Where a run keeps its experience.

    Attributes:
        own: whether the run started its own Redis, in its folder, which ended with it.
        url: where the Redis listened; a given one may still do so.
        region: name under which it keeps the experience.
    """

    own: bool
    url: str
    region: str


def kept_experience(run: Path) -> KeptExperience:
    """Where the experience of a run is, from the run's record.

    Raises:
        ConfigError: ``run`` is not a run folder.
    """
    try:
        record = json.loads(RunFolder(run).run_record.read_text(encoding="utf-8"))
        redis = record["redis"]
        return KeptExperience(record["settings"]["redis"] is None, redis["url"], redis["region"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{run} is not a run folder (it has no run.json that names a Redis)") from error


def check_resumable(earlier: Path) -> None:
    """Checks that ``earlier`` is a run folder.

    Raises:
        ConfigError: it holds no record of a run or no state of an xApp.
    """
    folder = RunFolder(earlier)
    for path in (folder.run_record, folder.xapp):
        if not path.exists():
            raise ConfigError(f"resume: {earlier} is not a run folder (it has no {path.name})")


def take_up(earlier: Path, folder: RunFolder) -> None:
    """Copies an earlier run's experience and its services' state into a new run folder, and leaves it as is.

    An earlier run that used a Redis outside (``--redis``) has an empty ``redis/``: its experience is where it
    was, and only the services' state is copied.
    """
    source = RunFolder(earlier.absolute())
    shutil.copytree(source.xapp, folder.xapp, ignore=NOT_RESUMED, dirs_exist_ok=True)
    for path, target in ((source.rapp, folder.rapp), (source.redis, folder.redis)):
        if path.is_dir():
            shutil.copytree(path, target, ignore=NOT_RESUMED, dirs_exist_ok=True)

"""DUs that join a run while it is under way: their dApps start later, until then their fallback rules."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from cadran.lab.experiment import Experiment
from cadran.runtime import ConfigError
from cadran.runtime.durations import SECONDS

_FORM = re.compile(r"(\d+)@(\d+(?:\.\d+)?)([smh]?)(:cold)?")


class Join(BaseModel):
    """One DU that joins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    du: int = Field(ge=0, description="index of the DU")
    after_s: float = Field(ge=0, allow_inf_nan=False, description="seconds after the first frame")
    cold: bool = Field(default=False, description="true: it starts from fresh networks in any case")


def parse_join(text: str) -> Join:
    """A joining DU as a person writes it: ``6@90``, ``6@90s``, ``6@2m:cold``.

    Raises:
        ConfigError: in one line.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"--join-du {text}: a DU, @ and a time, e.g. 6@90s or 6@2m:cold")
    du, number, unit, cold = match.groups()
    return Join(du=int(du), after_s=float(number) * SECONDS[unit], cold=cold is not None)


def check_joins(joins: Sequence[Join], experiment: Experiment, duration_s: float | None) -> None:
    """Checks that DUs can join this scenario as asked for.

    Raises:
        ConfigError: in one line: which DU, and what is allowed.
    """
    if not joins:
        return
    if experiment.hierarchy is None:
        raise ConfigError(
            "join-du: allowed only in a scenario with a hierarchy, where each DU learns by itself"
        )
    if experiment.clock.lockstep:
        raise ConfigError("join-du: allowed only without clock.lockstep, which waits for every DU")
    dus = [join.du for join in joins]
    for join in joins:
        if join.du >= experiment.world.dus:
            raise ConfigError(f"join-du: no DU {join.du}, there are DUs 0..{experiment.world.dus - 1}")
        if dus.count(join.du) > 1:
            raise ConfigError(f"join-du: DU {join.du} is named {dus.count(join.du)} times, once is allowed")
        if duration_s is not None and join.after_s >= duration_s:
            raise ConfigError(
                f"join-du: DU {join.du} joins after {join.after_s:g} s, the run ends after {duration_s:g} s"
            )

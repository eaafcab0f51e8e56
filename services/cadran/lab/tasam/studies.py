"""All studies by name, in the order of the report."""

from __future__ import annotations

from collections.abc import Mapping

from cadran.lab.study import Study
from cadran.lab.tasam import scale, table2, table3
from cadran.lab.tasam.beyond import (
    best,
    critic,
    delivered,
    fastload,
    hidden,
    link,
    loadstep,
    lr,
    muting,
    relaxation,
    shift,
    threshold,
)
from cadran.lab.tasam.figures import curvature, curves, distributions, radius, spread

STUDIES: Mapping[str, Study] = {
    study.name: study
    for study in (
        table2.STUDY,
        table3.STUDY,
        curves.STUDY,
        radius.STUDY,
        spread.STUDY,
        scale.FIG8,
        curvature.STUDY,
        distributions.QUALITY,
        distributions.USERS,
        scale.SCALE,
        threshold.STUDY,
        loadstep.STUDY,
        shift.STUDY,
        hidden.STUDY,
        muting.STUDY,
        fastload.STUDY,
        link.STUDY,
        lr.STUDY,
        delivered.STUDY,
        critic.STUDY,
        relaxation.STUDY,
        best.STUDY,
    )
}
"""Table 2 first, then the rest of the paper, then what lies beyond it."""

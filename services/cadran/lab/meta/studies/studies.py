"""All studies, in the order in which they are listed and reported."""

from __future__ import annotations

from collections.abc import Mapping

from cadran.lab.meta.studies import ablation, baselines, scale, shift, shots
from cadran.lab.meta.studies.study import Study

STUDIES: Mapping[str, Study] = {
    study.name: study for study in (baselines.STUDY, ablation.STUDY, shots.STUDY, scale.STUDY, shift.STUDY)
}
"""By name."""

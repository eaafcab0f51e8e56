"""Settings of an interface's links out of what a scenario and a service's settings say."""

from __future__ import annotations

import numpy as np

from cadran.wire.gen.trace.v1 import trace_pb2
from cadran.wire.impairments import Impairments, ImpairmentSpec
from cadran.wire.link import LinkSettings
from cadran.wire.trace.recorder import Recorder


def link_settings(
    interface: trace_pb2.Interface,
    recorder: Recorder | None,
    impairment: ImpairmentSpec,
    rng: np.random.Generator,
) -> LinkSettings:
    """Usual limits and times, watched and impaired as asked for.

    Args:
        interface: which one the recorder is told.
        recorder: of the messages; None: they are not recorded.
        impairment: what befalls them.
        rng: decides on it; untouched where there is none.
    """
    return LinkSettings(
        tap=None if recorder is None else recorder.tap(interface),
        impairments=None if impairment.none else Impairments(impairment, rng),
    )

"""The dApp as a service: E3 on one side, the agent in the middle, reports on their way up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import structlog

from cadran.dapp.agent import Action, DuAgent, Indication
from cadran.dapp.metrics import DappMetrics
from cadran.dapp.policies import PolicySlot
from cadran.dapp.reports import ReportBuffer
from cadran.dapp.settings import DappSettings
from cadran.policy import PolicyError
from cadran.problem import Frame, Measurements, Problem, ProblemSpec, Quota
from cadran.replay.schema import TransitionSchema
from cadran.wire.causes import Cause, WireError, from_proto
from cadran.wire.chunks import Assembler
from cadran.wire.codecs import arrays_from_proto, assignment_to_proto, quota_to_proto
from cadran.wire.e3_client import E3ClientSession
from cadran.wire.gen.e2sm.v1 import common_pb2, dapp_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2, measurements_pb2

_TICK_S = 0.05

"""What a world comes down to for the kernels: numbers, and tables made once on the host."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cadran.radio.link import STEPS_PER_DB, Fading, curve_points, shannon_curve
from cadran.radio.mac import SCHEDULERS
from cadran.radio.phy import block_error, cqi, effective_sinr, mcs, transport_block
from cadran.radio.propagation.fading import FadingMap
from cadran.radio.world import World

CSI_SAMPLES = 8
"""Units per frame that a UE's average spectral efficiency is measured on."""
EESM_ONE = 1 << 20
"""exp(-SINR / beta) is summed as an integer multiple of 1 / EESM_ONE."""
INVERSE_STEPS = 4096
"""Steps of the mean of exp(-SINR / beta) in the table of its inverse."""
BLER_SHIFT = 2
"""Error rates are tabled at every fourth step of a curve (0.05 dB)."""
OLLA_SHIFT = 8
"""The outer loop counts in 2^-8 steps of a curve, so that small error targets have a step up."""
OLLA_LIMIT_DB = 15.0
"""ASSUMED: the outer loop stays within this of the report."""


class Parameters(NamedTuple):
    """Scalars of the kernels, SI units.

    ``bits_per_se`` is B T: bits of one RB and frame at 1 bit/s/Hz, ``tti_bits_per_se`` of one TTI.
    ``tries`` transmissions of a block at most; ``olla_limit`` in 2^-OLLA_SHIFT steps; ``pf_weight`` of a TTI
    in the served average. ``mcs`` chooses the link, ``won_rbs``, ``literal`` and ``measured`` the rate and
    the latency model, ``pad`` whether idle RBs of a quota transmit, ``csi_measured`` whether reports know
    fading of interference.
    """

    frame_s: float
    tti_s: float
    ttis: int
    bits_per_se: float
    tti_bits_per_se: float
    average: float
    latency_cap_s: float
    episode_frames: int
    csi_period: int
    csi_delay: int
    csi_measured: bool
    mcs: bool
    tries: int
    olla_limit: int
    pf_served: bool
    pf_weight: float
    discard_late: bool
    pad: bool
    rates: bool
    won_rbs: bool
    literal: bool
    measured: bool


class Tables(NamedTuple):
    """Arrays that all links need.

    Attributes:
        schedulers: int64[S].
        unit_rbs: int64[G].
        curve: int32[CURVE_STEPS], bits that one RB is expected to carry in a TTI: capped Shannon, or the
            CQI's efficiency times the resource elements of the RB.
        packet_bytes: int64[S].
        budget_ttis: int64[S], delay budgets: what is received in the TTI of its arrival is never late.
    """

    schedulers: NDArray[np.int64]
    unit_rbs: NDArray[np.int64]
    curve: NDArray[np.int32]
    packet_bytes: NDArray[np.int64]
    budget_ttis: NDArray[np.int64]


class McsLink(NamedTuple):
    """Arrays of transport blocks; with the Shannon link all but ``scale`` and ``decoding`` are empty.

    Attributes:
        cqi_bits: int64[16], bits of one RB at each CQI.
        mcs_of_bits: int8[...], highest MCS that bits per RB allow.
        block_bytes: int32[M, K + 1], transport block of an MCS on a number of RBs.
        size_class: int8[M, K + 1].
        beta: float32[M], of EESM.
        scale: float32[M], 1 / beta; Shannon: [1].
        decoding: int32[CURVE_STEPS], what an RB adds up to at SINR x scale: exp(-x) in units of 1 / EESM_ONE;
            Shannon: bits.
        inverse: float32[INVERSE_STEPS + 1], -ln(mean).
        bler: uint32[M, Z, CURVE_STEPS >> BLER_SHIFT], error rate times 2^32.
        olla_down, olla_up: int64[S], steps of the outer loop after an error and after none.
    """

    cqi_bits: NDArray[np.int64]
    mcs_of_bits: NDArray[np.int8]
    block_bytes: NDArray[np.int32]
    size_class: NDArray[np.int8]
    beta: NDArray[np.float32]
    scale: NDArray[np.float32]
    decoding: NDArray[np.int32]
    inverse: NDArray[np.float32]
    bler: NDArray[np.uint32]
    olla_down: NDArray[np.int64]
    olla_up: NDArray[np.int64]


def parameters(world: World) -> Parameters:
    """Scalars of ``world``."""
    kpis, link, mac = world.kpis, world.link, world.mac
    return Parameters(
        frame_s=world.frame_s,
        tti_s=world.tti_s,
        ttis=world.ttis_per_frame,
        bits_per_se=world.rb_bandwidth_hz * world.frame_s,
        tti_bits_per_se=world.rb_bandwidth_hz * world.tti_s,
        average=kpis.average,
        latency_cap_s=kpis.latency_cap_s,
        episode_frames=world.episode_frames,
        csi_period=link.csi_period_ttis,
        csi_delay=link.csi_delay_ttis,
        csi_measured=link.csi_interference == "measured",
        mcs=link.adaptation == "mcs",
        tries=1 + link.harq_retransmissions,
        olla_limit=round(OLLA_LIMIT_DB * STEPS_PER_DB) << OLLA_SHIFT,
        pf_served=mac.pf_average == "served",
        pf_weight=1.0 / mac.pf_window_ttis,
        discard_late=world.load.discard_late,
        pad=mac.idle_rbs == "active",
        rates=kpis.achievable_rate,
        won_rbs=kpis.rate == "won_rbs",
        literal=kpis.latency == "literal",
        measured=kpis.latency == "measured",
    )


def tables(world: World) -> Tables:
    """Tables of ``world``."""
    budgets = np.floor(np.array(world.load.delay_budget_s) / world.tti_s + 1e-9).astype(np.int64)
    return Tables(
        schedulers=np.array([SCHEDULERS.index(name) for name in world.mac.schedulers], dtype=np.int64),
        unit_rbs=np.array(world.unit_rbs, dtype=np.int64),
        curve=_cqi_curve(world) if world.link.adaptation == "mcs" else _shannon_curve(world),
        packet_bytes=np.array(world.load.packet_bits, dtype=np.int64) // 8,
        budget_ttis=np.maximum(budgets, 1),
    )


def fading_of(world: World, fading: FadingMap) -> Fading:
    """How the kernels read ``fading``."""
    block = world.channel.fading == "rayleigh"
    return Fading(fading.values, fading.rows - 1, fading.stride, block, fading.columns - 1)


def mcs_link(world: World) -> McsLink:
    """Tables of the link of ``world``."""
    return _transport_blocks(world) if world.link.adaptation == "mcs" else _no_transport_blocks(world)


def _shannon_curve(world: World) -> NDArray[np.int32]:
    return shannon_curve(world.link.max_spectral_efficiency, world.rb_bandwidth_hz * world.tti_s)


def _res_per_rb(world: World) -> int:
    """Resource elements of an RB and slot that carry data, at most 156 (TS 38.214 clause 5.1.3.2)."""
    link = world.link
    return min(transport_block.MOST_RES_PER_RB, 12 * link.data_symbols - link.dmrs_res)


def _cqi_bits(world: World) -> NDArray[np.int64]:
    bits = np.rint(cqi.cqi_efficiency(world.link.mcs_table) * _res_per_rb(world))
    return np.asarray(bits, dtype=np.int64)


def _cqi_curve(world: World) -> NDArray[np.int32]:
    """Bits of one RB by the CQI that a SINR is reported as."""
    points_db = 10 * np.log10(curve_points())
    index = np.searchsorted(cqi.cqi_thresholds_db(world.link.mcs_table), points_db, side="right")
    curve: NDArray[np.int32] = _cqi_bits(world)[index].astype(np.int32)
    return curve


def _transport_blocks(world: World) -> McsLink:
    link = world.link
    number, res = link.mcs_table, _res_per_rb(world)
    block_bytes = transport_block.transport_block_table(number, world.rbs, link.data_symbols, link.dmrs_res)
    highest = int(_cqi_bits(world)[-1])
    beta = effective_sinr.eesm_beta(number)
    target = np.array(link.bler_targets)
    down = link.outer_loop_step_db * STEPS_PER_DB * (1 << OLLA_SHIFT)
    middles = np.maximum(np.arange(INVERSE_STEPS + 1), 0.5) / INVERSE_STEPS
    middles[-1] = 1 - 0.25 / INVERSE_STEPS
    points = curve_points()
    bler = block_error.block_error_tables(number, points[2 :: 1 << BLER_SHIFT])
    classes = np.vectorize(block_error.size_class, otypes=[np.int8])(8 * block_bytes)
    return McsLink(
        cqi_bits=_cqi_bits(world),
        mcs_of_bits=np.array(
            [mcs.highest_mcs(number, (bits + 1) / res) for bits in range(highest + 1)], dtype=np.int8
        ),
        block_bytes=block_bytes,
        size_class=classes,
        beta=beta.astype(np.float32),
        scale=(1 / beta).astype(np.float32),
        decoding=np.rint(np.exp(-points) * EESM_ONE).astype(np.int32),
        inverse=(-np.log(middles)).astype(np.float32),
        bler=np.minimum(np.rint(bler * 2.0**32), 2.0**32 - 1).astype(np.uint32),
        olla_down=np.full(len(target), round(down), dtype=np.int64),
        olla_up=np.maximum(1, np.rint(down * target / (1 - target))).astype(np.int64),
    )


def _no_transport_blocks(world: World) -> McsLink:
    """The Shannon link: one kind of transmission, whose RBs add up in bits."""
    return McsLink(
        cqi_bits=np.zeros(0, dtype=np.int64),
        mcs_of_bits=np.zeros(0, dtype=np.int8),
        block_bytes=np.zeros((0, 0), dtype=np.int32),
        size_class=np.zeros((0, 0), dtype=np.int8),
        beta=np.zeros(0, dtype=np.float32),
        scale=np.ones(1, dtype=np.float32),
        decoding=_shannon_curve(world),
        inverse=np.zeros(0, dtype=np.float32),
        bler=np.zeros((0, 0, 0), dtype=np.uint32),
        olla_down=np.zeros(0, dtype=np.int64),
        olla_up=np.zeros(0, dtype=np.int64),
    )

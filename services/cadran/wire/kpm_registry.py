"""The measurement registry: what each KPM measurement is called, its unit, and what it is made of.

One table (3GPP TS 28.552 and E2SM-KPM) from which the samples on E2, the RAN function definition and the
Prometheus names derive. Inside everything is SI; a sample is in the standard's unit, a Prometheus gauge in
the base unit. What was not measured has no value (NaN here, `no_value` on the wire, no gauge), and that is
not zero.

The simulator knows bytes, not packets: where the standard counts packets or takes a mean over them, every
byte counts alike. A DU has no PDCP, so there is no DRB.PdcpSduDelayDl: that is the delay inside a CU-UP.
"""

from __future__ import annotations

import numpy as np

from cadran.wire.kpm_measurement import (
    BIT_PER_S_HZ,
    KBIT,
    KBIT_PER_S,
    KWH,
    NUMBER,
    PER_MILLION,
    PERCENT,
    TENTH_MS,
    WATT,
    Measurement,
    counted,
    delay,
    kbit,
    per_frame,
    per_million,
    per_tti,
    ratio,
    ue_throughput,
    unrestricted_share,
)

_THROUGHPUT_AND_VOLUME = (
    Measurement(
        "DRB.UEThpDl",
        "5.1.1.3.1",
        KBIT_PER_S,
        "bits per UE and second with data waiting, the TTIs that emptied a queue left out (with one TTI per "
        "frame: counted in)",
        ue_throughput,
    ),
    Measurement(
        "DRB.UEUnresVolDl",
        "5.1.1.3.5",
        PERCENT,
        "bits delivered in TTIs that emptied their UE's queue, the ends of longer bursts among them, of all "
        "bits delivered",
        unrestricted_share,
        integer=True,
    ),
    Measurement(
        "DRB.RlcSduTransmittedVolumeDL",
        "",
        KBIT,
        "bits delivered",
        lambda w: counted(kbit(w.delivered_bytes), w),
        integer=True,
    ),
    Measurement(
        "DRB.PdcpSduVolumeDL",
        "5.1.2.1.1.1",
        KBIT,
        "bits that arrived for the slice's UEs",
        lambda w: counted(kbit(w.arrived_bytes), w),
        integer=True,
    ),
    Measurement(
        "VS.DRB.BufferedVolumeDl",
        "",
        KBIT,
        "bits waiting at a frame's end, mean over frames",
        lambda w: kbit(per_frame(w.queued_bytes, w)),
        integer=True,
    ),
)

_DELAY = (
    Measurement(
        "DRB.RlcSduDelayDl",
        "5.1.3.3.3",
        TENTH_MS,
        "time from arrival to the first hand-over to the MAC, mean over bytes delivered; whole TTIs",
        lambda w: delay(w.queue_byte_ttis, w),
    ),
    Measurement(
        "DRB.AirIfDelayDl",
        "5.1.1.1.1",
        TENTH_MS,
        "time from the first hand-over to the MAC to reception, retransmissions included, mean over bytes "
        "delivered; whole TTIs",
        lambda w: delay(w.air_byte_ttis, w),
    ),
    Measurement(
        "VS.DRB.DelayDlNgranUe",
        "",
        TENTH_MS,
        "time from arrival to reception, mean over bytes delivered (5.1.1.1.6 has its distribution)",
        lambda w: delay(w.queue_byte_ttis + w.air_byte_ttis, w),
    ),
    Measurement(
        "VS.DRB.UeDelayDl",
        "",
        TENTH_MS,
        "age of the oldest byte waiting at a frame's end (URLLC: packet latency, as the world models it), "
        "mean over UEs and frames",
        lambda w: ratio(1e4 * w.ue_delay_s, w.ues),
    ),
)

_LOSS = (
    Measurement(
        "DRB.RlcPacketDropRateDl",
        "5.1.3.2.2",
        PER_MILLION,
        "bytes dropped unsent (queue full or too old) of the bytes that left the DU",
        lambda w: per_million(w.dropped_bytes - w.lost_bytes, w.left_bytes),
        integer=True,
    ),
    Measurement(
        "DRB.PacketLossRateUu",
        "5.1.1.35",
        PER_MILLION,
        "residual errors: bytes in error after the last retransmission, of the bytes sent to an end",
        lambda w: per_million(w.lost_bytes, w.delivered_bytes + w.lost_bytes),
        integer=True,
    ),
    Measurement(
        "VS.DRB.ExpiredRateDl",
        "",
        PER_MILLION,
        "bytes dropped for having waited longer than the delay budget, of the bytes that left the DU",
        lambda w: per_million(w.expired_bytes, w.left_bytes),
        integer=True,
    ),
    Measurement(
        "VS.DRB.LateRateDl",
        "",
        PER_MILLION,
        "bytes received later than the delay budget or never, of the bytes that left the DU (one minus the "
        "reliability)",
        lambda w: per_million(w.late_bytes + w.dropped_bytes, w.left_bytes),
        integer=True,
    ),
)

_LINK = (
    Measurement(
        "TB.TotNbrDlInitial",
        "5.1.1.7.1",
        NUMBER,
        "transport blocks sent for the first time",
        lambda w: counted(w.blocks.sum(keepdims=True), w),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "TB.IntialErrNbrDl",
        "5.1.1.7.2",
        NUMBER,
        "transport blocks in error when sent for the first time (the standard's spelling); no value if none "
        "was sent",
        lambda w: w.failed_blocks.sum(keepdims=True) if w.blocks.any() else np.array([np.nan]),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "VS.TB.InitialErrRateDl",
        "",
        PER_MILLION,
        "transport blocks in error, of those sent for the first time",
        lambda w: per_million(w.failed_blocks, w.blocks),
        integer=True,
    ),
    Measurement(
        "VS.CARR.WBCQIMean",
        "",
        NUMBER,
        "mean index of the wideband CQI reports, 0 to 15 (5.1.1.11.1 has their distribution); no value with "
        "the Shannon link",
        lambda w: ratio(w.cqi_sum, w.cqi_reports),
    ),
    Measurement(
        "VS.CARR.MeanSeDl",
        "",
        BIT_PER_S_HZ,
        "average spectral efficiency of the UEs' channels, mean over UEs and frames",
        lambda w: ratio(w.mean_se, w.ues),
    ),
)

_RESOURCES = (
    Measurement(
        "RRU.PrbUsedDl",
        "5.1.1.2.5",
        NUMBER,
        "RBs transmitted on, mean over TTIs",
        lambda w: np.rint(per_tti(w.rb_ttis, w)),
        integer=True,
    ),
    Measurement(
        "VS.RRU.PrbQuotaDl",
        "",
        NUMBER,
        "most RBs that the slice could have had, mean over frames",
        lambda w: np.rint(per_frame(w.rbs_quota, w)),
        integer=True,
    ),
    Measurement(
        "RRU.PrbTotDl",
        "5.1.1.2.1",
        PERCENT,
        "RBs transmitted on by all slices, of the RBs of the DU",
        lambda w: np.floor(ratio(100.0 * w.rb_ttis.sum(keepdims=True), float(w.rbs * w.ttis))),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "RRU.PrbAvailDl",
        "5.1.1.2.6",
        NUMBER,
        "RBs of the DU",
        lambda w: np.array([float(w.rbs)]),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "VS.RRU.ActiveTimeDl",
        "",
        PERCENT,
        "TTIs in which the DU transmitted",
        lambda w: np.rint(100.0 * per_tti(w.active_ttis, w)),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "PEE.AvgPower",
        "5.1.1.19.2.1",
        WATT,
        "power that the radio unit consumed, by the energy model",
        lambda w: ratio(w.energy_j, w.frames * w.frame_s),
        per_slice=False,
    ),
    Measurement(
        "PEE.Energy",
        "5.1.1.19.3",
        KWH,
        "energy that the radio unit consumed, by the energy model",
        lambda w: counted(w.energy_j / 3.6e6, w),
        per_slice=False,
    ),
)

_USERS = (
    Measurement(
        "DRB.MeanActiveUeDl",
        "5.1.1.23.1",
        NUMBER,
        "UEs with data waiting, mean over TTIs",
        lambda w: per_tti(w.busy_ue_ttis, w),
    ),
    Measurement(
        "RRC.ConnMean",
        "5.1.1.4.1",
        NUMBER,
        "attached UEs, mean over frames",
        lambda w: per_frame(w.ues, w),
    ),
    Measurement(
        "MM.HoPrepIntraReq",
        "5.1.3.7.1.1",
        NUMBER,
        "handovers to another DU (of the same gNB) that event A3 triggered",
        lambda w: counted(w.handovers_requested, w),
        integer=True,
        per_slice=False,
    ),
    Measurement(
        "MM.HoExeIntraSucc",
        "5.1.1.6.2.2",
        NUMBER,
        "handovers to another DU (of the same gNB) that found room there and were executed",
        lambda w: counted(w.handovers_succeeded, w),
        integer=True,
        per_slice=False,
    ),
)

#: Every measurement by its name.
REGISTRY: dict[str, Measurement] = {
    measurement.name: measurement
    for group in (_THROUGHPUT_AND_VOLUME, _DELAY, _LOSS, _LINK, _RESOURCES, _USERS)
    for measurement in group
}

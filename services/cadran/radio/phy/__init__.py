"""The physical layer as tables made on the host: MCS, CQI, transport blocks, effective SINR, block errors."""

from cadran.radio.phy.block_error import (
    SIZE_CLASSES,
    block_error_rate,
    block_error_tables,
    size_class,
    threshold_db,
)
from cadran.radio.phy.cqi import cqi_efficiency, cqi_thresholds_db
from cadran.radio.phy.effective_sinr import eesm, eesm_beta
from cadran.radio.phy.mcs import McsTable, highest_mcs, mcs_table
from cadran.radio.phy.peak_rate import peak_rate_bps
from cadran.radio.phy.transport_block import (
    CodeBlocks,
    code_blocks,
    transport_block_bits,
    transport_block_table,
)

__all__ = [
    "SIZE_CLASSES",
    "CodeBlocks",
    "McsTable",
    "block_error_rate",
    "block_error_tables",
    "code_blocks",
    "cqi_efficiency",
    "cqi_thresholds_db",
    "eesm",
    "eesm_beta",
    "highest_mcs",
    "mcs_table",
    "peak_rate_bps",
    "size_class",
    "threshold_db",
    "transport_block_bits",
    "transport_block_table",
]

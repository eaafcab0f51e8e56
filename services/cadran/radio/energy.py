"""Energy of a radio unit: two states, as TR 38.864 clause 5.1 has them."""

import numpy as np
from numpy.typing import NDArray

from cadran.radio.world import World


def energy_j(
    world: World, active_ttis: NDArray[np.integer], rb_power: NDArray[np.floating | np.integer]
) -> NDArray[np.float64]:
    """Energy that radio units consumed in one frame, in J; same shape as the arguments.

    In a TTI with at least one RB on the air a radio unit takes ``active_w + per_output_w * P_out``, where
    P_out is its transmit power, the sum of that of the RBs used; in any other TTI it takes ``sleep_w``. This
    is the linear load model of EARTH (Auer et al., "How much energy is needed to run a wireless network?",
    IEEE Wireless Communications 18(5), 2011, Eq (1)) over the states of TR 38.864. Passing from one state to
    the other costs neither time nor energy.

    Args:
        world: the scenario.
        active_ttis: TTIs of the frame with at least one RB transmitted, 0 .. ``ttis_per_frame``.
        rb_power: RBs transmitted on times their power as a fraction of an RB's share of the unit's power,
            added up over the frame's TTIs, 0 .. ``active_ttis * rbs``.
    """
    energy, tti_s = world.energy, world.tti_s
    asleep_j = energy.sleep_w * world.frame_s
    awake_j = (energy.active_w - energy.sleep_w) * tti_s
    per_rb_j = energy.per_output_w * world.tx_power_per_rb_w * tti_s
    consumed: NDArray[np.float64] = asleep_j + awake_j * active_ttis + per_rb_j * rb_power
    return consumed

"""Colours: one for each slice, the same in every figure, table and view.

They are Okabe and Ito's, safe for colour-blind eyes; the terminal's are lighter shades, for dark backgrounds.
"""

SLICE_COLOURS = ("#0072B2", "#E69F00", "#009E73")
SLICE_TERMINAL_COLOURS = ("#56B4E9", "#F0B93A", "#3CCB9B")
SAMPLED_COLOUR = "#7B8794"
DETERMINISTIC_COLOUR = "#C2410C"
LEARNER_COLOUR = "#5B4B9A"

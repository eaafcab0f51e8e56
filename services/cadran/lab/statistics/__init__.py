"""Statistics of studies: what a table may claim, and how surely.

`stratified` has intervals over training runs, `crossed` over training runs and shared episodes.
"""

from cadran.lab.statistics.crossed import crossed_difference, crossed_gain_percent, crossed_interval
from cadran.lab.statistics.improvement import crossed_improvement, probability_of_improvement
from cadran.lab.statistics.intervals import Interval, interquartile_mean, mean, median
from cadran.lab.statistics.sentences import Difference, sentence, told, verdict
from cadran.lab.statistics.stratified import Band, band_of, interval_of, mean_interval
from cadran.runtime.student import LEVEL

__all__ = [
    "LEVEL",
    "Band",
    "Difference",
    "Interval",
    "band_of",
    "crossed_difference",
    "crossed_gain_percent",
    "crossed_improvement",
    "crossed_interval",
    "interquartile_mean",
    "interval_of",
    "mean",
    "mean_interval",
    "median",
    "probability_of_improvement",
    "sentence",
    "told",
    "verdict",
]

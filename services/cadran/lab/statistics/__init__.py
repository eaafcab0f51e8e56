"""Statistics of studies: what a table may claim, and how surely."""

from cadran.lab.statistics.intervals import LEVEL, Difference, Interval, mean_interval, sentence

__all__ = ["LEVEL", "Difference", "Interval", "mean_interval", "sentence"]

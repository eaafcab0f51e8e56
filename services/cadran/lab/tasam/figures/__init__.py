"""Figures 5 to 11 of the paper; they share their runs with each other and with the tables."""

"""Cadran: learned radio-resource control for O-RAN, on O-RAN's three clocks."""

__version__ = "0.1.0"

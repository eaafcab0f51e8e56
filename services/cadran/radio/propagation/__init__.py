"""Propagation: path loss, line of sight, shadowing, buildings, antennas, and maps of fading."""

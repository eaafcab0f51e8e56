"""`cadran validate radio`: the simulator against theory, tables and measurements, as a report.

A theme is a module that measures, and says beside each value what it should be and how near it must come.
``report`` runs the themes and writes one HTML page and the figures.
"""

"""Reports of studies: sections of sentences, tables and plots, as CSV files and as one HTML page."""

from cadran.lab.report.csv_files import write_tables
from cadran.lab.report.html import render
from cadran.lab.report.section import Cell, Plot, Report, Section, Table

__all__ = ["Cell", "Plot", "Report", "Section", "Table", "render", "write_tables"]

"""Fuzz targets: everything that reads bytes of a peer or of a disk, each with valid seeds.

The fast suite runs every target over its seeds and bounded mutations of them; `make test-fuzz` runs them
under a coverage-guided fuzzer.
"""

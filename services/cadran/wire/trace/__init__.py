"""Recorded messages: kept in a file, read as text, played to a service again."""

"""What every service needs: settings, logging, metrics, health, addresses, lifecycle."""

from cadran.runtime.addresses import Address, AddressField, parse_address
from cadran.runtime.clock import ClockSpec
from cadran.runtime.files import atomic_write
from cadran.runtime.settings import (
    SECTIONS,
    ConfigError,
    Document,
    load_settings,
    optional_section,
    overridden,
    overridden_names,
    read_document,
    section,
)

__all__ = [
    "SECTIONS",
    "Address",
    "AddressField",
    "ClockSpec",
    "ConfigError",
    "Document",
    "atomic_write",
    "load_settings",
    "optional_section",
    "overridden",
    "overridden_names",
    "parse_address",
    "read_document",
    "section",
]

"""The page of the interfaces says what the contracts say, and names every cause."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cadran.wire.gen.e2ap.v1 import cause_pb2, e2ap_pb2
from cadran.wire.gen.e3ap.v1 import e3ap_pb2

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "interfaces.md"


@pytest.fixture(scope="module")
def document() -> ModuleType:
    spec = importlib.util.spec_from_file_location("document", ROOT / "proto" / "document.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["document"] = module
    spec.loader.exec_module(module)
    return module


def test_the_committed_page_is_what_the_sources_generate(document: ModuleType) -> None:
    page = PAGE.read_text()
    assert document.written_into(page) == page, "run `make interfaces`"


def test_every_pdu_and_cause_is_on_it() -> None:
    page = PAGE.read_text()
    for pdu in (e3ap_pb2.E3Pdu.DESCRIPTOR, e2ap_pb2.E2apPdu.DESCRIPTOR):
        for field in pdu.fields:
            if field.message_type is not None:
                assert f"#### {field.message_type.name}\n" in page
    for enum in cause_pb2.DESCRIPTOR.enum_types_by_name.values():
        assert all(f"| `{value.name}` | {value.number} |" in page for value in enum.values)


def test_a_page_without_markers_is_refused(document: ModuleType) -> None:
    with pytest.raises(ValueError, match="lacks the markers"):
        document.written_into("# Interfaces\n")


def test_what_is_around_the_tables_stays(document: ModuleType) -> None:
    page = document.written_into(f"before\n{document.BEGIN}\nwhat was there before\n{document.END}\nafter\n")
    assert page.startswith(f"before\n{document.BEGIN}\n")
    assert page.endswith(f"{document.END}\nafter\n")
    assert "what was there before" not in page

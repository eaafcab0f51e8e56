"""A head that does not fit the rows it tells of is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cadran.rapp.kept_rows import KeptRows
from cadran.replay import ReplayError
from two_levels import scenario


def test_a_head_that_tells_of_another_number_of_dus_is_refused(tmp_path: Path) -> None:
    schema = scenario().schema
    KeptRows(tmp_path, schema, 2, 4).commit()
    [head] = tmp_path.glob("*.json")
    told = json.loads(head.read_text())
    head.write_text(json.dumps({**told, "places": told["places"][:1]}))
    with pytest.raises(ReplayError, match="tells of 1 DUs, not of 2"):
        KeptRows(tmp_path, schema, 2, 4)

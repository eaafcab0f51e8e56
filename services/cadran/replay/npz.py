"""Experience as a file for notebooks and offline learning: `.npz`, one array per field and DU.

Array `du0/state` holds the field `state` of DU 0, rows in the order of their decisions; `schema` holds the
rows' fingerprint. `numpy.load(path)` reads it; nothing in it is pickled.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cadran.replay.schema import ReplayError, Rows, TransitionSchema
from cadran.replay.store import Replay, slice_rows


def export(replay: Replay, path: Path) -> list[int]:
    """Write all rows that a replay still keeps; the file appears when it is complete.

    The replay may be in use: each DU's rows are those up to the moment when its turn came, without a gap.

    Args:
        replay: any store.
        path: the file to write; its folder must exist.

    Returns:
        Rows written per DU.

    Raises:
        ReplayError: rows are overwritten faster than they can be read.
        ReplayUnavailable: the store does not answer.
        OSError: the file cannot be written.
    """
    written = []
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            _add(archive, "schema", np.array(replay.schema.fingerprint))
            for du in range(replay.dus):
                rows = _kept_rows(replay, du)
                for field in replay.schema.dtype.names or ():
                    _add(archive, f"du{du}/{field}", rows[field])
                written.append(len(rows))
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return written


def read_export(path: Path) -> tuple[TransitionSchema, list[Rows]]:
    """Schema and, per DU, the rows of an exported file.

    Raises:
        ReplayError: not a file of this version's layout.
        OSError: no such file.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            schema = TransitionSchema.from_fingerprint(str(arrays["schema"]))
            dus = sum(name.endswith("/frame") for name in arrays.files)
            return schema, [_read_rows(schema, arrays, du) for du in range(dus)]
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ReplayError(f"{path}: not an export of transitions: {error}") from error


def _read_rows(schema: TransitionSchema, arrays: Any, du: int) -> Rows:
    rows = schema.empty(len(arrays[f"du{du}/frame"]))
    for field in schema.dtype.names or ():
        rows[field] = arrays[f"du{du}/{field}"]
    return rows


def _add(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def _kept_rows(replay: Replay, du: int) -> Rows:
    """All readable rows of a DU; the first slice starts later if its rows were just overwritten."""
    cursors = [replay.count(other) for other in range(replay.dus)]
    stop = cursors[du]
    cursors[du] = max(0, stop - replay.capacity)
    pieces: list[Rows] = [replay.schema.empty(0)]
    while cursors[du] < stop:
        part = replay.tail(cursors, slice_rows(replay.schema))[du]
        if len(pieces) > 1 and part.start != cursors[du]:
            raise ReplayError(f"DU {du}: rows are overwritten faster than they can be exported")
        pieces.append(part.rows)
        cursors[du] = part.start + len(part.rows)
    return np.concatenate(pieces)

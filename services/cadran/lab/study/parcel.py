"""Results on their way between machines: files of whole results, as bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cadran.lab.study.store import Store


@dataclass(frozen=True)
class Parcel:
    """Results by (store, key), each as its files.

    Attributes:
        results: Name of the store's folder and key to the contents by file name.
    """

    results: Mapping[tuple[str, str], Mapping[str, bytes]]


def pack(folder: Path, keys: Collection[str]) -> Parcel:
    """Those of the results that are in a folder of stores.

    Raises:
        OSError: A file cannot be read.
        ValueError: A result has folders in it; none has.
    """
    found = (path for key in sorted(keys) for path in sorted(folder.glob(f"*/{key}")))
    return Parcel({(path.parent.name, path.name): _files(path) for path in found})


def unpack(parcel: Parcel, folder: Path) -> None:
    """Keep results in a folder of stores, each at once or not at all; what is there already stays.

    Raises:
        OSError: A file cannot be written.
    """
    for (store, key), files in parcel.results.items():
        Store(folder / store).keep(key, partial(_write, files))


def _files(result: Path) -> dict[str, bytes]:
    inside = sorted(result.iterdir())
    if odd := [path for path in inside if not path.is_file()]:
        raise ValueError(f"{odd[0]}: not a plain file")
    return {path.name: path.read_bytes() for path in inside}


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)

"""Arrays on disk, where worker processes find them.

Prepared examples stay as they are (pixels as bytes); what a model is fed is written in
chunks through a memory map, so that the main process never holds a float copy of a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import Border
from fieldpack.contract import Contract, ImageInput, Input
from fieldpack.data import Prepared
from fieldpack.preprocess.image import to_tensor
from fieldpack.runtime.border import feed

CHUNK = 64


@dataclass(frozen=True, slots=True)
class Examples:
    """One data set, prepared and on disk.

    Attributes
    ----------
    prepared : Prepared
        Ids, labels, groups, slices and arrays.
    files : dict
        Input name -> ``.npy`` of prepared examples [N, ...].
    """

    prepared: Prepared
    files: dict[str, str]

    @property
    def count(self) -> int:
        """Number of items."""
        return len(self.prepared.ids)


def save_examples(prepared: Prepared, folder: Path) -> Examples:
    """Write the prepared arrays, one ``.npy`` an input."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, array in prepared.inputs.items():
        np.save(folder / f"{name}.npy", array)
        files[name] = str(folder / f"{name}.npy")
    return Examples(prepared, files)


def save_source_tensors(contract: Contract, examples: Examples, folder: Path) -> dict[str, str]:
    """Write what the source model is fed: scaled, in its own layout, float32 [N, ...].

    Returns
    -------
    dict
        Input name -> ``.npy`` path.
    """
    written = {}
    for item in contract.inputs:
        target = folder / f"{item.name}.npy"
        _write(target, examples.prepared.inputs[item.name], item.shape, partial(_source_tensor, item))
        written[item.name] = str(target)
    return written


def _source_tensor(item: Input, part: NDArray[Any]) -> NDArray[Any]:
    if not isinstance(item, ImageInput):
        return part
    scale, offset = item.scale_offset()
    return to_tensor(part, scale, offset, item.layout)


def save_tensors(borders: tuple[Border, ...], examples: Examples, folder: Path) -> dict[str, str]:
    """Write what a flavour is fed, position of the input -> ``.npy`` path."""
    written = {}
    for position, border in enumerate(borders):
        target = folder / f"{position}.npy"
        array = examples.prepared.inputs[border.name]
        _write(target, array, border.shape[1:], partial(feed, border))
        written[str(position)] = str(target)
    return written


def _write(
    target: Path,
    array: NDArray[Any],
    shape: tuple[int, ...],
    convert: Callable[[NDArray[Any]], NDArray[Any]],
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    out: NDArray[np.float32] = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
        target, mode="w+", dtype=np.float32, shape=(len(array), *shape)
    )
    for start in range(0, len(array), CHUNK):
        out[start : start + CHUNK] = convert(array[start : start + CHUNK])
    del out  # writes the map back


def load_outputs(files: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read output arrays that a worker wrote, float32 [N, ...] by output name."""
    return {name: np.load(path, allow_pickle=False) for name, path in files.items()}


def golden_rows(count: int, wanted: int) -> list[int]:
    """Evenly spread item numbers, first and last included; all of them when there are fewer."""
    return sorted({int(row) for row in np.linspace(0, count - 1, min(count, wanted)).round()})

"""Arrays on disk, where worker processes find them.

Prepared examples stay as they are (pixels as bytes); what a model is fed is written
chunk by chunk, so that the main process never holds a float copy of a data set.
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
from fieldpack.contract import Contract, ImageInput, Input, Layout, RasterInput
from fieldpack.data import Prepared
from fieldpack.data.store import release
from fieldpack.preprocess.image import to_tensor
from fieldpack.runtime.border import feed

CHUNK = 64
FLOAT32 = np.dtype(np.float32)


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
    files = {}
    for name, array in prepared.inputs.items():
        target = folder / f"{name}.npy"
        _write(target, array, array.shape[1:], array.dtype, lambda part: part)
        files[name] = str(target)
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
        _write(
            target, examples.prepared.inputs[item.name], item.shape, FLOAT32, partial(_source_tensor, item)
        )
        written[item.name] = str(target)
    return written


def _source_tensor(item: Input, part: NDArray[Any]) -> NDArray[Any]:
    if isinstance(item, RasterInput):
        return part.transpose(0, 3, 1, 2) if item.layout is Layout.NCHW else part
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
        _write(target, array, border.item_shape, FLOAT32, partial(feed, border))
        written[str(position)] = str(target)
    return written


def _write(
    target: Path,
    array: NDArray[Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    convert: Callable[[NDArray[Any]], NDArray[Any]],
) -> None:
    """Convert and append chunk by chunk; neither side is ever in memory as a whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    header = {"descr": dtype.str, "fortran_order": False, "shape": (len(array), *shape)}
    with target.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)  # type: ignore[no-untyped-call]
        for start in range(0, len(array), CHUNK):
            part = np.array(array[start : start + CHUNK])
            release(array)
            file.write(np.ascontiguousarray(convert(part), dtype=dtype).data)


def load_outputs(files: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read output arrays that a worker wrote, float32 [N, ...] by output name."""
    return {name: np.load(path, allow_pickle=False) for name, path in files.items()}


def golden_rows(count: int, wanted: int) -> list[int]:
    """Evenly spread item numbers, first and last included; all of them when there are fewer."""
    return sorted({int(row) for row in np.linspace(0, count - 1, min(count, wanted)).round()})

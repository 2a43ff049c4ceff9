"""Arrays on disk, where worker processes find them.

Prepared examples stay as they are (pixels as bytes); what a model is fed is written in
chunks through a memory map, so that the main process never holds a float copy of a data set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import Border
from fieldpack.contract import Contract, ImageInput
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
        array = examples.prepared.inputs[item.name]
        target = folder / f"{item.name}.npy"
        if isinstance(item, ImageInput):
            scale, offset = item.scale_offset()
            layout = item.layout.value
            _write(
                target, array, item.shape, lambda part, s=scale, o=offset, w=layout: to_tensor(part, s, o, w)
            )
        else:
            _write(target, array, item.shape, lambda part: part)
        written[item.name] = str(target)
    return written


def save_tensors(borders: tuple[Border, ...], examples: Examples, folder: Path) -> dict[str, str]:
    """Write what a flavour is fed, tensor name -> ``.npy`` path."""
    written = {}
    for position, border in enumerate(borders):
        target = folder / f"{position}.npy"
        array = examples.prepared.inputs[border.name]
        _write(target, array, border.shape[1:], lambda part, b=border: feed(b, part))
        written[border.tensor] = str(target)
    return written


def _write(
    target: Path,
    array: NDArray[Any],
    shape: tuple[int, ...],
    convert: Callable[[NDArray[Any]], NDArray[Any]],
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    out = np.lib.format.open_memmap(target, mode="w+", dtype=np.float32, shape=(len(array), *shape))
    for start in range(0, len(array), CHUNK):
        out[start : start + CHUNK] = convert(array[start : start + CHUNK])
    out.flush()


def load_outputs(files: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read output arrays that a worker wrote, float32 [N, ...] by output name."""
    return {name: np.load(path, allow_pickle=False) for name, path in files.items()}

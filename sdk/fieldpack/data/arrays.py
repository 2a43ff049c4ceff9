"""A data set that is already prepared: one ``.npy`` file an input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.data.example import Example, ExampleList
from fieldpack.data.places import read_presence
from fieldpack.errors import InputError
from fieldpack.spec import ArrayData


def open_arrays(source: ArrayData) -> ExampleList:
    """Examples of arrays [N, ...], named by their zero-padded row.

    The files are mapped, not loaded.

    Raises
    ------
    InputError
        A file is missing or no array, lengths differ, or labels are not integers.
    """
    arrays = {name: _mapped(Path(path)) for name, path in source.inputs.items()}
    labels = None if source.labels is None else _mapped(Path(source.labels))
    groups = None if source.groups is None else _mapped(Path(source.groups))
    presence = None
    if source.presence is not None:
        presence = read_presence(Path(source.presence), len(next(iter(arrays.values()), ())))
    targets = {name: _mapped(Path(path)) for name, path in source.targets.items()}
    lengths = {name: len(array) for name, array in (*arrays.items(), *targets.items())}
    for name, path, numbers in (("labels", source.labels, labels), ("groups", source.groups, groups)):
        if numbers is not None:
            lengths[name] = len(numbers)
            _check_numbers(name, path, numbers)
    if not arrays or len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise InputError("arrays need one length, above 0", came=lengths or "no array")
    count = next(iter(lengths.values()))
    width = len(str(count - 1))
    return ExampleList(
        [
            Example(
                f"{row:0{width}d}",
                {name: array[row] for name, array in arrays.items()},
                None if labels is None or labels[row] < 0 else int(labels[row]),
                group=None if groups is None else str(groups[row]),
                targets={name: np.asarray(array[row]) for name, array in targets.items()},
                present=None if presence is None else presence[row],
            )
            for row in range(count)
        ]
    )


def _check_numbers(name: str, path: str | None, numbers: NDArray[Any]) -> None:
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise InputError(
            f"{path} does not hold {name}",
            came=f"{numbers.dtype} {list(numbers.shape)}",
            allowed="integers [N]",
        )


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} is not an .npy array", came=error) from error
    if array.ndim == 0:
        raise InputError(f"{path} holds a single number", allowed="an array [N, ...]")
    return array

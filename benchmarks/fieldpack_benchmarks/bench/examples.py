"""Golden vectors of a bundle as a target takes them, and its answers as the bundle states them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.runtime.border import feed, fetch
from fieldpack.tflite.file import open_model
from fieldpack.tflite.runner import tensor_specs


@dataclass(frozen=True, slots=True)
class Examples:
    """The first golden vectors for one TFLite flavour.

    Attributes
    ----------
    model : Path
        The file.
    fed : list of list of ndarray
        One list an example: an array a tensor, in the order and types of the file.
    outputs : tuple of str
        Names of the contract's outputs, in the order of the file's tensors.
    """

    flavour: FlavourEntry
    model: Path
    fed: list[list[NDArray[Any]]]
    outputs: tuple[str, ...]
    stored: Mapping[str, NDArray[Any]]

    def digests(self, answers: Sequence[Sequence[bytes]]) -> dict[str, str]:
        """Output -> SHA-256 of its bytes over all examples."""
        return {
            name: hashlib.sha256(b"".join(answer[place] for answer in answers)).hexdigest()
            for place, name in enumerate(self.outputs)
        }

    def gap(self, answers: Sequence[Sequence[bytes]]) -> float:
        """Largest difference of an output from what the flavour gave when it was built; inf for a NaN."""
        borders = {item.name: item for item in self.flavour.outputs}
        gaps = []
        for place, name in enumerate(self.outputs):
            border = borders[name]
            arrays = [np.frombuffer(answer[place], border.dtype).reshape(border.shape) for answer in answers]
            values = np.concatenate([fetch(border, array) for array in arrays])
            gaps.append(np.abs(values - self.stored[name][: len(values)]).max())
        worst = float(max(gaps))
        return worst if np.isfinite(worst) else float("inf")


def examples_of(bundle: Bundle, flavour: FlavourEntry, count: int) -> Examples:
    """The first `count` golden vectors, fewer where the bundle has fewer."""
    path = bundle.path(flavour.path)
    model = open_model(path)
    borders = {item.tensor: item for item in flavour.inputs}
    by_tensor = {item.tensor: item.name for item in flavour.outputs}
    golden = {name: array[:count] for name, array in bundle.golden_inputs().items()}
    columns = [
        feed(borders[spec.name], golden[borders[spec.name].name])
        for spec in tensor_specs(model.inputs, model.input_names)
    ]
    rows = len(columns[0])
    names = tuple(by_tensor[spec.name] for spec in tensor_specs(model.outputs, model.output_names))
    fed = [[column[row : row + 1] for column in columns] for row in range(rows)]
    return Examples(flavour, path, fed, names, bundle.flavour_golden(flavour.name))

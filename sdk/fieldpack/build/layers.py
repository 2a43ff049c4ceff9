"""Where the error of a flavour comes from, layer by layer.

A quantised TFLite flavour is compared with the float flavour of the same graph, operator
by operator in the order of computation (converters may rename tensors, but they keep the order). A
Core ML flavour is compared with itself: fp16-rounded against fp32 arithmetic, which shows
the operators that are at risk where the phone computes in half precision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.parity.tensor import TensorError, compare_tensors
from fieldpack.runtime.flavour import FlavourRunner, open_flavour
from fieldpack.tflite.border import dequantize
from fieldpack.tflite.facts import BORDER_OPERATORS, Tensor

EXAMPLES = 4
Layer = tuple[str, str, NDArray[Any]]
"""Name, operator and values of one layer."""


def layer_errors(
    kind: str,
    path: str,
    inputs: list[dict[str, Any]],
    reference: str,
    reference_inputs: list[dict[str, Any]],
    prepared: dict[str, str],
) -> dict[str, Any]:
    """Compare every layer on the first examples; a target of :mod:`fieldpack.worker`.

    Parameters
    ----------
    kind, path, inputs
        The flavour, its file and its input borders.
    reference, reference_inputs
        The file that it is compared with; for Core ML the same one.
    prepared : dict
        Input name -> ``.npy`` of prepared examples.

    Returns
    -------
    dict
        ``layers``: name, operator, ``sqnr_db``, ``max_abs_error``, ``cosine`` each, in the
        order of computation; values are the worst over the examples.
    """
    arrays = {
        name: np.array(np.load(item, mmap_mode="r", allow_pickle=False)[:EXAMPLES])
        for name, item in prepared.items()
    }
    borders = tuple(Border.model_validate(item) for item in inputs)
    others = tuple(Border.model_validate(item) for item in reference_inputs)
    count = len(next(iter(arrays.values())))
    if FlavourKind(kind) is FlavourKind.TFLITE:
        pairs = _tflite_pairs(Path(path), borders, Path(reference), others, arrays, count)
    else:
        pairs = _coreml_pairs(Path(path), borders, arrays, count)
    worst: dict[tuple[str, str], TensorError] = {}
    for (name, operator, expected), came in pairs:  # one example at a time: activations can be large
        found = compare_tensors(expected, came)
        known = worst.get((name, operator))
        if known is None or _noise(found) > _noise(known):
            worst[(name, operator)] = found
    rows = [{"name": name, "operator": kind, **error.as_dict()} for (name, kind), error in worst.items()]
    return {"layers": rows}


def _noise(error: TensorError) -> float:
    """Larger is worse; a broken tensor is the worst."""
    if error.sqnr_db is None:
        return -math.inf
    return math.inf if math.isnan(error.sqnr_db) else -error.sqnr_db


def _tflite_pairs(
    path: Path,
    borders: tuple[Border, ...],
    reference: Path,
    others: tuple[Border, ...],
    arrays: dict[str, NDArray[Any]],
    count: int,
) -> Iterator[tuple[Layer, NDArray[Any]]]:
    first = open_flavour(FlavourKind.TFLITE, reference, others, ())
    second = open_flavour(FlavourKind.TFLITE, path, borders, ())
    for index in range(count):
        wanted, came = _Layers(first, arrays, index), _Layers(second, arrays, index)
        if wanted.operators != came.operators:
            return  # the quantiser changed the graph itself; layers no longer correspond
        for position in range(len(wanted.operators)):
            yield wanted.layer(position), came.layer(position)[2]


class _Layers:
    """Every computed tensor of one example, made real one at a time."""

    def __init__(self, flavour: FlavourRunner, arrays: dict[str, NDArray[Any]], index: int) -> None:
        self._values = flavour.run_layers(arrays, index)
        runner: Any = flavour.engine
        names = {tensor.index: name for name, tensor in runner.layer_names().items()}
        self._tensors = runner.model.main.tensors
        self._nodes = [
            (names[node.outputs[0]], node)
            for node in runner.model.main.operators
            if node.name not in BORDER_OPERATORS and names[node.outputs[0]] in self._values
        ]
        self.operators = [node.name for _, node in self._nodes]

    def layer(self, position: int) -> Layer:
        name, node = self._nodes[position]
        return name, node.name, _real(self._tensors[node.outputs[0]], self._values[name])


def _real(tensor: Tensor, values: NDArray[Any]) -> NDArray[Any]:
    if tensor.is_quantised and not tensor.blockwise:
        return dequantize(values, tensor.scale, tensor.zero_point, tensor.quantized_axis or 0)
    return values.astype(np.float32)


def _coreml_pairs(
    path: Path, borders: tuple[Border, ...], arrays: dict[str, NDArray[Any]], count: int
) -> Iterator[tuple[Layer, NDArray[Any]]]:
    exact = open_flavour(FlavourKind.COREML, path, borders, (), precision="fp32")
    rounded = open_flavour(FlavourKind.COREML, path, borders, (), precision="fp16")
    for index in range(count):
        wanted, came = exact.run_layers(arrays, index), rounded.run_layers(arrays, index)
        for name, values in wanted.items():
            if name in came and np.issubdtype(values.dtype, np.floating):
                yield (name, "", values.astype(np.float32)), came[name].astype(np.float32)

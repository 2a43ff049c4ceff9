"""What each operator of a ``.tflite`` file has to do: multiply-accumulates, and bytes read and written.

Sizes are those that the file was written with; an axis of any size counts as it stands there, mostly 1.
An operator whose inputs are all constants is computed once, when the model is loaded, and left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from fieldpack.tflite.facts import Operator, Tensor, TfliteModel

Tensors = list[Tensor]
WEIGHTS = 1
"""Place of the weights, or of the right side of a product, among an operator's inputs."""
REPEATED = ("LSTM", "RNN", "SVDF", "GRU", "WHILE", "IF", "CALL")
"""Words in the names of operators that run others, or run over time; their sizes say too little."""
ODD_BITS = {"bool": 8, "complex64": 64, "complex128": 128, "string": 0, "resource": 0, "variant": 0}


@dataclass(frozen=True, slots=True)
class Work:
    """One operator.

    Attributes
    ----------
    kind : str
        ``CONV_2D``; a custom operator's own name.
    number_format : str
        Element type of what comes in, with that of the weights where they differ: ``float32``, ``int8``,
        ``float32*int8``.
    multiply_accumulates : int
        0 for operators that are none of products.
    bytes_moved : int
        Of all tensors that it reads and writes, weights included.
    countable : bool
        Whether these sizes determine its work.
    """

    kind: str
    number_format: str
    multiply_accumulates: int
    bytes_moved: int
    countable: bool = True


def work_of(model: TfliteModel) -> tuple[Work, ...]:
    """The work of one inference, operator by operator.

    Parameters
    ----------
    model : TfliteModel
        Facts of the file.

    Returns
    -------
    tuple of Work
        In the order of the file.
    """
    tensors = model.main.tensors
    found = []
    for node in model.main.operators:
        inputs = [tensors[index] for index in node.inputs if index >= 0]
        if not inputs or not all(tensor.is_constant for tensor in inputs):
            found.append(_work(node, inputs, [tensors[index] for index in node.outputs if index >= 0]))
    return tuple(found)


def _work(node: Operator, inputs: Tensors, outputs: Tensors) -> Work:
    count = PRODUCTS.get(node.name)
    whole = count is None or (len(inputs) > WEIGHTS and bool(outputs))
    repeated = any(word in node.name.split("_") for word in REPEATED)
    return Work(
        node.name,
        _number_format(inputs or outputs, weighted=count is not None),
        count(inputs, outputs) if count is not None and whole else 0,
        sum(_bytes(tensor) for tensor in inputs + outputs),
        countable=whole and not repeated and not node.is_custom,
    )


def _number_format(tensors: Tensors, *, weighted: bool) -> str:
    fed = next((tensor for tensor in tensors if not tensor.is_constant), None)
    if fed is None:
        return tensors[0].dtype if tensors else ""
    constant = next((tensor for tensor in tensors if tensor.is_constant and weighted), None)
    return fed.dtype if constant is None or constant.dtype == fed.dtype else f"{fed.dtype}*{constant.dtype}"


def _bytes(tensor: Tensor) -> int:
    bits = ODD_BITS.get(tensor.dtype)
    if bits is None:
        found = re.search(r"\d+", tensor.dtype)
        bits = 0 if found is None else int(found[0])
    return (prod(tensor.shape) * bits + 7) // 8


def _convolution(inputs: Tensors, outputs: Tensors) -> int:
    """Weights are [out, height, width, in]."""
    return prod(outputs[0].shape) * prod(inputs[WEIGHTS].shape[1:])


def _depthwise(inputs: Tensors, outputs: Tensors) -> int:
    """Weights are [1, height, width, out]."""
    return prod(outputs[0].shape) * prod(inputs[WEIGHTS].shape[1:3])


def _transposed(inputs: Tensors, outputs: Tensors) -> int:
    """Inputs are shape, weights [out, height, width, in], values; each value meets all its weights."""
    fed = inputs[2] if len(inputs) > 2 else inputs[-1]
    return prod(fed.shape) * prod(inputs[WEIGHTS].shape[:3])


def _volume(inputs: Tensors, outputs: Tensors) -> int:
    """Weights are [depth, height, width, in, out]."""
    return prod(outputs[0].shape) * prod(inputs[WEIGHTS].shape[:4])


def _dense(inputs: Tensors, outputs: Tensors) -> int:
    """Weights are [out, in]."""
    return prod(outputs[0].shape) * prod(inputs[WEIGHTS].shape[-1:])


def _product(inputs: Tensors, outputs: Tensors) -> int:
    """The left side is [..., rows, inner], or [..., inner, rows] where it is transposed."""
    left, answer = inputs[0].shape, outputs[0].shape
    inner = left[-1] if left[-2:-1] == answer[-2:-1] else prod(left[-2:-1])
    return prod(answer) * inner


PRODUCTS: dict[str, Callable[[Tensors, Tensors], int]] = {
    "BATCH_MATMUL": _product,
    "CONV_2D": _convolution,
    "CONV_3D": _volume,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "TRANSPOSE_CONV": _transposed,
}
"""Operators that are made of multiply-accumulates, and how many."""

"""Matrices of a front-end stored as float16, widened to float32 where a file is loaded; the arithmetic stays.

A float16 has eleven bits: enough for filters that only sum power, rarely for the rows of a Fourier transform,
whose rounding is noise 70 dB below the sound. So filters may be halved alone. They are told apart by what
they hold: a filter has no negative weight, a wave has.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fieldpack.bundle.manifest import FrontEndWeights
from fieldpack_converters.tflite_graph import TFLiteGraph

_WEIGHTED = ("FULLY_CONNECTED", "CONV_2D", "BATCH_MATMUL")


def is_halved(matrix: NDArray[Any], weights: FrontEndWeights) -> bool:
    """Whether a matrix becomes float16: each, or those without a negative weight."""
    if weights is FrontEndWeights.FLOAT32 or matrix.ndim < 2:
        return False
    return weights is FrontEndWeights.FLOAT16 or bool((matrix >= 0).all())


def halve_tflite(source: Path, target: Path, weights: FrontEndWeights) -> bool:
    """Write a float32 TFLite file again with matrices as float16, each with a ``DEQUANTIZE``.

    Parameters
    ----------
    source, target : Path
        The float32 file, and the file to write.
    weights : FrontEndWeights
        Which matrices.

    Returns
    -------
    bool
        False, and nothing is written, where the file has no such matrix.
    """
    from fieldpack_converters.quantize_tflite import quantize

    graph = TFLiteGraph.read(source)
    scopes = [
        re.escape(graph.scope(one))
        for one in graph.operations()
        if one.name in _WEIGHTED and any(_halved(graph, tensor, weights) for tensor in one.inputs)
    ]
    if not scopes:
        return False
    rules: list[dict[str, Any]] = [
        {"method": "float32", "layers": ".*"},
        {"method": "float16", "layers": f"^({'|'.join(scopes)})$", "operators": list(_WEIGHTED)},
    ]
    quantize(str(source), str(target), "float16", rules=rules)
    return True


def _halved(graph: TFLiteGraph, tensor: int, weights: FrontEndWeights) -> bool:
    if tensor < 0 or not graph.is_constant(tensor) or graph.dtype(tensor) != "float32":
        return False
    return is_halved(graph.constant(tensor), weights)

"""Worker target: what each layer costs under each method, one layer at a time.

From a float32 TFLite file and calibration arrays: the divergence of the scores with only that layer changed,
the bytes of its weights, and its latency from a table measured operator by operator. The knapsack
(``fieldpack.search.knapsack``) then chooses, and the choice is a list of rules for a flavour.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.recipe import Method
from fieldpack_converters.calibrator import calibration_arrays
from fieldpack_converters.opened_source import Array
from fieldpack_converters.quantization_rules import TFLITE_METHODS
from fieldpack_converters.quantize_tflite import FOUR_BITS, WEIGHTED, quantize
from fieldpack_converters.source import Report, silent
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite

_BYTES = {
    Method.FLOAT32: 4.0,
    Method.FLOAT16: 2.0,
    Method.DYNAMIC_INT8: 1.0,
    Method.STATIC_INT8: 1.0,
    Method.DYNAMIC_INT4: 0.5,
}
_TINY = 1e-9
_SCALE_BYTES = 4


def measure(
    model: str,
    calibration: dict[str, str],
    methods: list[str],
    activation: str,
    limit: int = 128,
    ranges: dict[str, Any] | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """Sensitivity of every operator with weights.

    Parameters
    ----------
    model : str
        Float32 TFLite file.
    calibration : dict
        Input tensor name or index -> ``.npy`` [N, ...] of real values.
    methods : list of str
        Methods to try in each layer, such as ``["dynamic_int8", "dynamic_int4"]``.
    activation : str
        Of the first output: ``softmax`` and ``logits`` compare as distributions over classes (KL divergence
        in nats), ``sigmoid`` as one chance a class (mean KL), anything else by the mean squared error
        over the variance of the float answer.
    limit : int
        Samples used at most.
    ranges : dict, optional
        As in ``quantize_tflite:quantize``, for ``static_int8``.

    Returns
    -------
    dict
        ``layers``: list of ``{"layer": exact rule regex, "operator", "size_bytes": {method: int}, "loss":
        {method: float}}``, float32 always among them with loss 0; ``samples``.

    Raises
    ------
    SpecError
        A method is unknown to TFLite flavours, or the file has no operator with weights.
    """
    tried = _methods(methods)
    graph = TFLiteGraph.read(model)
    arrays = [array[:limit] for array in calibration_arrays(graph, calibration)]
    wanted = run_tflite(Path(model).read_bytes(), arrays)[0]
    operations = [item for item in graph.operations() if item.name in WEIGHTED and _constant(graph, item)]
    if not operations:
        raise SpecError("the file has no operator with weights", came=model)
    layers = []
    for number, operation in enumerate(operations):
        report(f"sensitivity of {graph.scope(operation)[:60]}", number / len(operations))
        losses = {Method.FLOAT32.value: 0.0}
        for method in tried:
            if method is Method.DYNAMIC_INT4 and operation.name not in FOUR_BITS:
                continue
            came = _alone(model, calibration, graph, operation, method, arrays, ranges)
            losses[method.value] = divergence(wanted, came, activation)
        layers.append(_facts(graph, operation, losses))
    return {"layers": layers, "samples": int(arrays[0].shape[0])}


def _methods(words: list[str]) -> list[Method]:
    allowed = [method.value for method in TFLITE_METHODS if method is not Method.FLOAT32]
    strange = [word for word in words if word not in allowed]
    if strange or not words:
        raise SpecError("the method is not for TFLite", came=strange or "none", allowed=", ".join(allowed))
    return [Method(word) for word in words]


def _constant(graph: TFLiteGraph, operation: Operation) -> bool:
    return len(operation.inputs) > 1 and graph.is_constant(weights_of(operation))


def weights_of(operation: Operation) -> int:
    """The tensor of an operator's weights."""
    return operation.inputs[0 if operation.name == "EMBEDDING_LOOKUP" else 1]


def exact_rule(graph: TFLiteGraph, operation: Operation) -> str:
    """A regular expression that finds this operator only."""
    return f"^{re.escape(graph.scope(operation))}$"


def _alone(
    model: str,
    calibration: dict[str, str],
    graph: TFLiteGraph,
    operation: Operation,
    method: Method,
    arrays: list[Array],
    ranges: dict[str, Any] | None,
) -> Array:
    """The first output with one operator changed."""
    rules = [
        {"method": Method.FLOAT32.value, "layers": ".*"},
        {"method": method.value, "layers": exact_rule(graph, operation)},
    ]
    with tempfile.TemporaryDirectory(prefix="fieldpack-sensitivity-") as folder:
        path = Path(folder) / "one.tflite"
        quantize(model, str(path), method.value, calibration, ranges=ranges, rules=rules)
        return run_tflite(path.read_bytes(), arrays)[0]


def _facts(graph: TFLiteGraph, operation: Operation, losses: dict[str, float]) -> dict[str, object]:
    shape = graph.shape(weights_of(operation))
    count = int(np.prod(shape))
    channels = shape[-1] if operation.name == "DEPTHWISE_CONV_2D" else shape[0]
    sizes = {
        word: int(np.ceil(count * _BYTES[Method(word)]))
        + (0 if Method(word) in (Method.FLOAT32, Method.FLOAT16) else channels * _SCALE_BYTES)
        for word in losses
    }
    return {
        "layer": exact_rule(graph, operation),
        "operator": operation.name,
        "size_bytes": sizes,
        "loss": losses,
    }


def divergence(wanted: Array, came: Array, activation: str) -> float:
    """How far answers [N, ...] are from the wanted ones; see ``measure``."""
    one = wanted.reshape(len(wanted), -1).astype(np.float64)
    two = came.reshape(len(came), -1).astype(np.float64)
    if activation in ("softmax", "logits"):
        if activation == "logits":
            one, two = _softmax(one), _softmax(two)
        return float(np.maximum((one * _log_ratio(one, two)).sum(axis=1), 0).mean())
    if activation == "sigmoid":
        terms = one * _log_ratio(one, two) + (1 - one) * _log_ratio(1 - one, 1 - two)
        return float(np.maximum(terms, 0).mean())
    return float(np.square(one - two).mean() / max(float(one.var()), _TINY))


def _log_ratio(one: Array, two: Array) -> Array:
    return np.asarray(np.log(np.maximum(one, _TINY)) - np.log(np.maximum(two, _TINY)))


def _softmax(scores: Array) -> Array:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))

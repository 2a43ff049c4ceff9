"""Worker target: float32 TFLite in, float16 / dynamic or weight-only int8 or int4 / static int8 out.

ai-edge-quantizer rewrites the graph; the ranges come from our calibrator, the rules are checked
before and after, and the result is made smaller by ``compact.py``.  What the file promises (int8
weights, int8 activations) is counted in the written file, not believed.
"""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any

from fieldpack.errors import ConversionError, SpecError
from fieldpack.recipe import Method, Rule
from fieldpack_converters.bias_correction import corrected_biases
from fieldpack_converters.calibrator import (
    Ranges,
    as_quantizer_result,
    calibrated_ranges,
    calibration_arrays,
)
from fieldpack_converters.compact import compacted
from fieldpack_converters.dead_channels import revived
from fieldpack_converters.opened_source import Array
from fieldpack_converters.output_heads import head_rule
from fieldpack_converters.quantization_rules import (
    TFLITE_METHODS,
    chosen_methods,
    matched_operations,
    rules_from,
)
from fieldpack_converters.ranges import RangeChoice
from fieldpack_converters.shared_outputs import rejoined
from fieldpack_converters.source import Report, silent
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph
from fieldpack_converters.trained_ranges import found_ranges

WEIGHTED = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "TRANSPOSE_CONV",
    "BATCH_MATMUL",
    "EMBEDDING_LOOKUP",
)
WEIGHT_BITS = {Method.WEIGHT_INT8: 8, Method.WEIGHT_INT4: 4}
"""Methods whose weights are widened to float32 when the file is loaded; no activation is rounded."""
FOUR_BITS = ("CONV_2D", "FULLY_CONNECTED")


def quantize(
    model: str,
    path: str,
    method: str,
    calibration: dict[str, str] | None = None,
    ranges: dict[str, Any] | None = None,
    io: str = "float32",
    rules: list[dict[str, Any]] | None = None,
    input_ranges: dict[str, list[float]] | None = None,
    bias_correction: bool = False,
    keep_names: bool = False,
    trained: list[dict[str, list[float]]] | None = None,
    float_heads: list[int] | None = None,
    report: Report = silent,
) -> dict[str, object]:
    """Quantise a float32 TFLite file.

    Parameters
    ----------
    model, path : str
        The float32 file and the file to write.
    method : str
        ``float16``, ``dynamic_int8`` (int8 weights, activations rounded as they come), ``dynamic_int4`` (int4
        weights of convolutions and dense layers, the rest as ``dynamic_int8``), ``weight_int8`` and
        ``weight_int4`` (the same weights, float activations) or ``static_int8``.
    calibration : dict, optional
        Input tensor name or index -> ``.npy`` [N, ...] of real values; needed for static int8.
    ranges : dict, optional
        ``{"kind": "min_max" | "percentile" | "mse", "percentile": 99.99}``.
    io : str
        ``float32`` or ``int8`` borders (static int8 only).
    rules : list of dict, optional
        ``{"method", "layers": regex over output tensor names, "operators": [names] | None}``;
        a later rule wins; the flavour's method is the rule before the first.
    input_ranges : dict, optional
        Tensor name -> [low, high] known beforehand (pixels: [0, 255]).
    bias_correction : bool
        Take the mean shift of every channel back in the int32 biases (static int8 only).
    keep_names : bool
        Keep the names of intermediate tensors in the file.
    trained : list of dict, optional
        ``ends`` and ``fingerprint`` of a quantisation-aware training; they replace measured ranges
        (static int8 only).
    float_heads : list of int, optional
        Positions of outputs whose last layers stay in floats; a rule before those of the recipe.

    Returns
    -------
    dict
        ``head_rule`` (None without heads), ``matched`` (rule index -> operators; "default" first),
        ``quantised_ops``, ``float_ops``, ``changed``, ``mended_channels``, ``corrected_ops``,
        ``without_weights`` (products of activations that a method about weights leaves in floats),
        ``trained_ranges`` (tensors that took one), ``size_bytes``, ``inputs``, ``outputs``.

    Raises
    ------
    SpecError
        If a rule is wrong or matches nothing, or calibration is missing.
    ConversionError
        If the written file does not hold what the rules promise.
    """
    content = Path(model).read_bytes()
    graph = TFLiteGraph(content)
    head = head_rule(graph, float_heads).model_dump(mode="json") if float_heads else None
    ordered = rules_from([*([head] if head else []), *(rules or [])], _method(method, io))
    found = matched_operations(graph, ordered)
    products = _products(graph)
    _check_weights(ordered, found, products)
    methods = chosen_methods(graph, ordered)
    # Methods about weights have nothing to store there; static int8 rounds activations and takes them.
    idle = [index for index in products if methods[index] not in (Method.FLOAT32, Method.STATIC_INT8)]
    methods |= dict.fromkeys(idle, Method.FLOAT32)
    arrays = measured = None
    taken: Ranges = {}
    if Method.STATIC_INT8 in methods.values():
        arrays = _calibration(graph, calibration)
        choice = RangeChoice.from_words(ranges or {})
        taken = {} if trained is None else found_ranges(content, arrays, trained)
        measured = calibrated_ranges(content, arrays, choice, {**taken, **_known(input_ranges)}, report)
    report("quantise", 0.5)
    written, _ = rejoined(_rewritten(graph, content, methods, io, measured))
    written, mended = revived(content, written)
    corrected = 0
    if bias_correction and arrays is not None:
        written, corrected = corrected_biases(content, written, arrays, report=report)
    report("compact and check", 0.9)
    written = compacted(_named_as_before(graph, written), keep_names)
    after = TFLiteGraph(written)
    quantised, floating = _counted(graph, after, methods)
    Path(path).write_bytes(written)
    return {
        "head_rule": head,
        "matched": {str(index - 1) if index else "default": len(items) for index, items in found.items()},
        "quantised_ops": quantised,
        "float_ops": floating,
        "without_weights": len(idle),
        "changed": written != content,
        "mended_channels": mended,
        "corrected_ops": corrected,
        "trained_ranges": len(taken),
        "size_bytes": len(written),
        "inputs": after.facts(after.inputs),
        "outputs": after.facts(after.outputs),
    }


def _check_weights(rules: tuple[Rule, ...], found: dict[int, list[Operation]], products: set[int]) -> None:
    """A rule about weights that meets none would leave the file as it is, and nobody would see it."""
    for index, rule in enumerate(rules):
        named = found[index]
        if rule.method in WEIGHT_BITS and not any(
            item.name in WEIGHTED and item.index not in products for item in named
        ):
            raise SpecError(
                f"Rule {index - 1} of the recipe is about weights and matches no operator that has some.",
                came=f"{rule.method.value} on layers {rule.layers!r}: "
                + ", ".join(sorted({item.name for item in named})),
                hint="list the layers: fieldpack inspect --layers on the float32 .tflite of a bundle",
            )


def _products(graph: TFLiteGraph) -> set[int]:
    """Operators, by index, that multiply two activations, as in attention: neither factor is stored."""
    fed, found = set(graph.inputs), set()
    for operation in graph.operations():
        factors = operation.inputs[1:3] if operation.name == "TRANSPOSE_CONV" else operation.inputs[:2]
        if operation.name in WEIGHTED and fed.issuperset(factors):
            found.add(operation.index)
        if not fed.isdisjoint(operation.inputs):
            fed.update(operation.outputs)
    return found


def _calibration(graph: TFLiteGraph, calibration: dict[str, str] | None) -> list[Array]:
    if calibration is None:
        raise SpecError(
            "Static int8 needs calibration samples.", hint="name the calibration data in pack.toml"
        )
    return calibration_arrays(graph, calibration)


def _known(input_ranges: dict[str, list[float]] | None) -> Ranges:
    return {name: (float(low), float(high)) for name, (low, high) in (input_ranges or {}).items()}


def _method(word: str, io: str) -> Method:
    allowed = [method.value for method in TFLITE_METHODS if method is not Method.FLOAT32]
    if word not in allowed:
        raise SpecError("The quantisation method is unknown.", came=word, allowed=", ".join(allowed))
    if io not in ("float32", "int8") or (io == "int8" and word != Method.STATIC_INT8):
        raise SpecError(
            "The border type does not fit the method.",
            came=f"io {io!r} with {word}",
            allowed="float32; int8 with static_int8",
        )
    return Method(word)


def _rewritten(
    graph: TFLiteGraph, content: bytes, methods: dict[int, Method], io: str, ranges: Ranges | None
) -> bytes:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ai_edge_quantizer import quantizer as aeq

    engine = aeq.Quantizer(bytearray(content))
    for operation in graph.operations():
        names = ";".join(graph.name(tensor) for tensor in operation.outputs if tensor >= 0)
        _add(engine, _possible(methods[operation.index], operation.name), f"^{re.escape(names)};?$", "*")
    for border in ("INPUT", "OUTPUT"):
        _add(engine, Method.STATIC_INT8 if io == "int8" else Method.FLOAT32, ".*", border)
    ranks = {graph.name(index): len(graph.shape(index)) for index in range(len(graph.main.tensors))}
    result = None if ranges is None else as_quantizer_result(ranges, ranks)
    try:
        with warnings.catch_warnings():
            # The cast that loses the bias of dead channels; ``revived`` mends it.
            warnings.filterwarnings("ignore", "invalid value encountered in cast", RuntimeWarning)
            written = engine.quantize(result, enable_progress_report=False, enable_progress_bar=False)
    except (ValueError, RuntimeError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ConversionError(
            "The quantiser refused this model.",
            came=f"{type(error).__name__}: {str(error).strip()[:500]}",
            hint="keep the layer that the message names in float with a rule",
        ) from error
    return bytes(written.quantized_model)


def _named_as_before(before: TFLiteGraph, content: bytes) -> bytes:
    """Borders of a file without a signature under their own names, by which the contract finds them."""
    if before.signature_names:
        return content
    after = TFLiteGraph(content)
    pairs = (*zip(before.inputs, after.inputs, strict=True), *zip(before.outputs, after.outputs, strict=True))
    for old, new in pairs:
        after.main.tensors[new].name = before.name(old).encode()
    return after.content()


def _possible(method: Method, operator: str) -> Method:
    """The method that an operator gets: LiteRT has 4-bit weights of two operators only."""
    wider = {Method.DYNAMIC_INT4: Method.DYNAMIC_INT8, Method.WEIGHT_INT4: Method.WEIGHT_INT8}
    return method if operator in FOUR_BITS else wider.get(method, method)


def _add(engine: Any, method: Method, scope: str, operator: str) -> None:
    """One entry of the quantiser's recipe; it is exact, so that only our rules decide."""
    from ai_edge_quantizer import quantizer as aeq

    if method is Method.FLOAT32:
        engine.update_quantization_recipe(scope, operator, algorithm_key=aeq.AlgorithmName.NO_QUANTIZE)
    elif method is Method.FLOAT16:
        engine.add_weight_only_config(scope, operator, 16, algorithm_key=aeq.AlgorithmName.FLOAT_CASTING)
    elif method is Method.DYNAMIC_INT8:
        engine.add_dynamic_config(scope, operator, 8)
    elif method is Method.DYNAMIC_INT4:
        engine.add_dynamic_config(scope, operator, 4)
    elif method in WEIGHT_BITS:
        engine.add_weight_only_config(scope, operator, WEIGHT_BITS[method])
    else:
        engine.add_static_config(scope, operator, 8, 8)


def _counted(before: TFLiteGraph, after: TFLiteGraph, methods: dict[int, Method]) -> tuple[int, int]:
    """Operators that hold what was promised, and operators left float; raises when promises fail."""
    wanted: dict[str, list[Method]] = {}
    for operation in before.operations():
        wanted.setdefault(operation.name, []).append(methods[operation.index])
    came: dict[str, list[bool]] = {}
    widened: set[int] = set()
    for operation in after.operations():
        if operation.name == "DEQUANTIZE" and after.is_constant(operation.inputs[0]):
            widened.update(operation.outputs)
        came.setdefault(operation.name, []).append(_is_quantised(after, operation.inputs, widened))
    broken = []
    quantised = floating = 0
    for name, promised in wanted.items():
        kept = came.get(name, [])
        for place, method in enumerate(promised):
            done = place < len(kept) and kept[place]
            quantised += done
            floating += not done
            if name in WEIGHTED and method is not Method.FLOAT32 and not done:
                broken.append(f"{name} {place}")
            if name in WEIGHTED and method is Method.FLOAT32 and done:
                broken.append(f"{name} {place} (asked to stay float)")
    if broken:
        raise ConversionError(
            "The written file does not hold what the rules promise.",
            came=", ".join(broken[:8]),
            allowed="every operator with weights quantised as its last matching rule says",
        )
    return quantised, floating


def _is_quantised(graph: TFLiteGraph, inputs: tuple[int, ...], widened: set[int]) -> bool:
    """Whether an operator reads integers, or weights that a DEQUANTIZE widens at load time."""
    return any(
        tensor >= 0 and (tensor in widened or graph.dtype(tensor) in ("int8", "int4", "float16"))
        for tensor in inputs
    )

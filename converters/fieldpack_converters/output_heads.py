"""The last layers before outputs that stay in floats: what makes a number fine or coarse in the end.

An output of 0 to 60 m in 8 bits has steps of 0.24 m, and the quantiles of an interval move by as much; the
last layer in floats costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fieldpack.recipe import Method, Rule
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph

TFLITE_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
COREML_WEIGHTED = ("conv", "conv_transpose", "linear", "matmul")


def head_rule(graph: TFLiteGraph, outputs: Sequence[int]) -> Rule:
    """The rule that keeps everything from the last layers with weights on in floats.

    Parameters
    ----------
    graph : TFLiteGraph
        The float32 file.
    outputs : sequence of int
        Positions of the outputs.
    """
    makers = {tensor: item for item in graph.operations() for tensor in item.outputs}
    wanted = [graph.outputs[place] for place in outputs]
    found: dict[int, Operation] = {}
    while wanted:
        maker = makers.get(wanted.pop())
        if maker is None or maker.index in found:
            continue
        found[maker.index] = maker
        if maker.name not in TFLITE_WEIGHTED:
            wanted += [tensor for tensor in maker.inputs if tensor >= 0]
    names = "|".join(sorted(re.escape(graph.scope(item)) for item in found.values()))
    return Rule(method=Method.FLOAT32, layers=f"^(?:{names})$")


def head_operators(spec: Any, outputs: Iterable[str]) -> tuple[str, ...]:
    """Names of the operators of an ML Program from the last layers with weights on.

    Parameters
    ----------
    spec : protobuf
        Of the float package.
    outputs : iterable of str
        Names of the outputs.
    """
    found: list[str] = []
    for function in spec.mlProgram.functions.values():
        block = function.block_specializations[function.opset]
        makers = {value.name: item for item in block.operations for value in item.outputs}
        found += _before(makers, list(outputs))
    return tuple(dict.fromkeys(found))


def _before(makers: Mapping[str, Any], wanted: list[str]) -> list[str]:
    found: list[str] = []
    seen: set[str] = set()
    while wanted:
        value = wanted.pop()
        maker = makers.get(value)
        if maker is None or value in seen:
            continue
        seen.add(value)
        if maker.type.startswith("const"):
            continue
        found.append(maker.attributes["name"].immediateValue.tensor.strings.values[0])
        if maker.type not in COREML_WEIGHTED:
            arguments = [item for binding in maker.inputs.values() for item in binding.arguments]
            wanted += [item.name for item in arguments if item.name]
    return found

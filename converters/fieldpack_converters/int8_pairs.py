"""Int8 operators with a bias, each beside its float original.

The two steps that mend a freshly quantised file (``dead_channels.py``, ``bias_correction.py``)
both walk these pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldpack_converters.mean_response import CORRECTED
from fieldpack_converters.opened_source import Array
from fieldpack_converters.tflite_graph import Operation, TFLiteGraph

_LIMITS = np.iinfo(np.int32)


@dataclass(frozen=True, slots=True)
class Int8Pair:
    """One operator of the float file and the same operator of the int8 file."""

    reference: TFLiteGraph
    graph: TFLiteGraph
    one: Operation
    two: Operation

    @property
    def float_weights(self) -> Array:
        return self.reference.real(self.one.inputs[1])

    @property
    def float_bias(self) -> Array:
        return self.reference.real(self.one.inputs[2])

    @property
    def options(self) -> Any:
        return self.graph.main.operators[self.two.index].builtinOptions

    def write_bias(self, real: Array) -> None:
        """Store real bias values, rounded to the bias scale and saturated to int32."""
        facts = self.graph.scales(self.two.inputs[2])
        if facts is None:
            return
        steps = np.clip(np.rint(real / facts[0]), _LIMITS.min, _LIMITS.max)
        self.graph.set_constant(self.two.inputs[2], steps.astype(np.int32))


def int8_pairs(reference: TFLiteGraph, graph: TFLiteGraph) -> list[Int8Pair]:
    """The pairs, matched in order; empty when the two files do not hold the same operators."""
    ones = [item for item in reference.operations() if item.name in CORRECTED]
    twos = [item for item in graph.operations() if item.name in CORRECTED]
    if [item.name for item in ones] != [item.name for item in twos]:
        return []
    pairs = [Int8Pair(reference, graph, one, two) for one, two in zip(ones, twos, strict=True)]
    return [pair for pair in pairs if _complete(pair)]


def _complete(pair: Int8Pair) -> bool:
    one, two, graph = pair.one, pair.two, pair.graph
    return (
        min(len(one.inputs), len(two.inputs)) > 2
        and min(one.inputs[2], two.inputs[2]) >= 0
        and graph.is_constant(two.inputs[1])
        and pair.reference.is_constant(one.inputs[1])
        and graph.dtype(two.inputs[0]) == "int8"
        and graph.dtype(two.inputs[1]) == "int8"
        and graph.dtype(two.inputs[2]) == "int32"
        and pair.reference.shape(one.inputs[1]) == graph.shape(two.inputs[1])
    )
